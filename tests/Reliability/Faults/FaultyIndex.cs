using System.Runtime.CompilerServices;
using ZarrCache.Conformance.Tests;

namespace ZarrCache.Reliability;

/// <summary>An index whose every call may fail.</summary>
internal sealed class FaultyIndex(IStoreIndex inner, Faults faults) : ForwardingStoreIndex(inner)
{
    public override ValueTask ConfirmSweptAsync(CancellationToken ct) => faults.OfIndexAsync(() => base.ConfirmSweptAsync(ct));

    public override ValueTask<IndexEntry?> FindAsync(EntryKey key, CancellationToken ct) => faults.OfIndexAsync(() => base.FindAsync(key, ct));

    public override ValueTask<IReadOnlyList<IndexEntry>> FindPartsAsync(string storeId, string key, long offset, long length, CancellationToken ct) =>
        faults.OfIndexAsync(() => base.FindPartsAsync(storeId, key, offset, length, ct));

    public override ValueTask<IndexEntry?> PushAsync(IndexEntry entry, CancellationToken ct) => faults.OfIndexAsync(() => base.PushAsync(entry, ct));

    public override ValueTask<IReadOnlyList<IndexEntry>> PopAsync(PopRequest request, CancellationToken ct) => faults.OfIndexAsync(() => base.PopAsync(request, ct));

    public override ValueTask<bool> AdmitsAsync(IndexEntry entry, PopRequest request, CancellationToken ct) => faults.OfIndexAsync(() => base.AdmitsAsync(entry, request, ct));

    public override ValueTask MarkAsync(EntryKey key, DateTimeOffset at, CancellationToken ct) => faults.OfIndexAsync(() => base.MarkAsync(key, at, ct));

    public override ValueTask TouchAsync(EntryKey key, DateTimeOffset validatedAt, CancellationToken ct) => faults.OfIndexAsync(() => base.TouchAsync(key, validatedAt, ct));

    public override ValueTask<IndexEntry?> DeleteAsync(EntryKey key, long? ifVersion, CancellationToken ct) => faults.OfIndexAsync(() => base.DeleteAsync(key, ifVersion, ct));

    public override ValueTask<IReadOnlyList<IndexEntry>> DeleteKeyAsync(string storeId, string key, CancellationToken ct) => faults.OfIndexAsync(() => base.DeleteKeyAsync(storeId, key, ct));

    public override ValueTask<IndexTotals> DeletePrefixAsync(string storeId, string prefix, CancellationToken ct) => faults.OfIndexAsync(() => base.DeletePrefixAsync(storeId, prefix, ct));

    public override ValueTask<IndexTotals> GetTotalsAsync(string? storeId, CancellationToken ct) => faults.OfIndexAsync(() => base.GetTotalsAsync(storeId, ct));

    public override ValueTask<IReadOnlyList<string>> ListStoresAsync(CancellationToken ct) => faults.OfIndexAsync(() => base.ListStoresAsync(ct));

    public override async IAsyncEnumerable<IndexEntry> EnumerateAsync(IndexQuery query, [EnumeratorCancellation] CancellationToken ct)
    {
        await using IAsyncEnumerator<IndexEntry> entries = base.EnumerateAsync(query, ct).GetAsyncEnumerator(ct);
        while (await faults.OfIndexAsync(entries.MoveNextAsync))
        {
            yield return entries.Current;
        }
    }

    public override ValueTask FlushAsync(CancellationToken ct) => faults.OfIndexAsync(() => base.FlushAsync(ct));
}
