namespace ZarrCache.Conformance.Tests;

/// <summary>Forwards everything, so that a broken index changes one thing.</summary>
internal abstract class ForwardingStoreIndex(IStoreIndex inner) : IStoreIndex
{
    protected IStoreIndex Inner { get; } = inner;

    public IndexCondition Condition => Inner.Condition;

    public virtual ValueTask ConfirmSweptAsync(CancellationToken ct) => Inner.ConfirmSweptAsync(ct);

    public virtual ValueTask<IndexEntry?> FindAsync(EntryKey key, CancellationToken ct) => Inner.FindAsync(key, ct);

    public virtual ValueTask<IReadOnlyList<IndexEntry>> FindPartsAsync(string storeId, string key, long offset, long length, CancellationToken ct) =>
        Inner.FindPartsAsync(storeId, key, offset, length, ct);

    public virtual ValueTask<IndexEntry?> PushAsync(IndexEntry entry, CancellationToken ct) => Inner.PushAsync(entry, ct);

    public virtual ValueTask PushManyAsync(ReadOnlyMemory<IndexEntry> entries, CancellationToken ct) => Inner.PushManyAsync(entries, ct);

    public virtual ValueTask<IReadOnlyList<IndexEntry>> PopAsync(PopRequest request, CancellationToken ct) => Inner.PopAsync(request, ct);

    public virtual ValueTask<bool> AdmitsAsync(IndexEntry entry, PopRequest request, CancellationToken ct) => Inner.AdmitsAsync(entry, request, ct);

    public virtual ValueTask MarkAsync(EntryKey key, DateTimeOffset at, CancellationToken ct) => Inner.MarkAsync(key, at, ct);

    public virtual ValueTask TouchAsync(EntryKey key, DateTimeOffset validatedAt, CancellationToken ct) => Inner.TouchAsync(key, validatedAt, ct);

    public virtual ValueTask<IndexEntry?> DeleteAsync(EntryKey key, long? ifVersion, CancellationToken ct) => Inner.DeleteAsync(key, ifVersion, ct);

    public virtual ValueTask<IReadOnlyList<IndexEntry>> DeleteKeyAsync(string storeId, string key, CancellationToken ct) => Inner.DeleteKeyAsync(storeId, key, ct);

    public virtual ValueTask<IndexTotals> DeletePrefixAsync(string storeId, string prefix, CancellationToken ct) => Inner.DeletePrefixAsync(storeId, prefix, ct);

    public virtual ValueTask<IndexTotals> PinAsync(Pin pin, CancellationToken ct) => Inner.PinAsync(pin, ct);

    public virtual ValueTask<bool> UnpinAsync(Pin pin, CancellationToken ct) => Inner.UnpinAsync(pin, ct);

    public virtual ValueTask<IReadOnlyList<Pin>> ListPinsAsync(CancellationToken ct) => Inner.ListPinsAsync(ct);

    public virtual ValueTask<IndexTotals> GetTotalsAsync(string? storeId, CancellationToken ct) => Inner.GetTotalsAsync(storeId, ct);

    public virtual ValueTask<IReadOnlyList<string>> ListStoresAsync(CancellationToken ct) => Inner.ListStoresAsync(ct);

    public virtual IAsyncEnumerable<IndexEntry> EnumerateAsync(IndexQuery query, CancellationToken ct) => Inner.EnumerateAsync(query, ct);

    public virtual ValueTask FlushAsync(CancellationToken ct) => Inner.FlushAsync(ct);

    public virtual ValueTask DisposeAsync() => Inner.DisposeAsync();
}
