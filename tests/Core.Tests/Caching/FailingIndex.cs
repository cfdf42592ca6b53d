namespace ZarrCache.Core.Tests.Caching;

/// <summary>An index that fails where a test wants it to, as a full disk or a locked file would make it fail.</summary>
internal sealed class FailingIndex(IStoreIndex inner) : IStoreIndex
{
    /// <summary>Which operations fail, by their names without Async.</summary>
    public Func<string, bool>? Fails { get; set; }

    /// <summary>Whether a pop is done before it fails, as a command whose answer was lost.</summary>
    public bool IsLate { get; set; }

    public IndexCondition Condition => inner.Condition;

    public ValueTask ConfirmSweptAsync(CancellationToken ct) => On("ConfirmSwept").ConfirmSweptAsync(ct);

    public ValueTask<IndexEntry?> FindAsync(EntryKey key, CancellationToken ct) => On("Find").FindAsync(key, ct);

    public ValueTask<IReadOnlyList<IndexEntry>> FindPartsAsync(string storeId, string key, long offset, long length, CancellationToken ct) => On("FindParts").FindPartsAsync(storeId, key, offset, length, ct);

    public ValueTask<IndexEntry?> PushAsync(IndexEntry entry, CancellationToken ct) => On("Push").PushAsync(entry, ct);

    public ValueTask PushManyAsync(ReadOnlyMemory<IndexEntry> entries, CancellationToken ct) => On("Push").PushManyAsync(entries, ct);

    public async ValueTask<IReadOnlyList<IndexEntry>> PopAsync(PopRequest request, CancellationToken ct)
    {
        if (IsLate && Fails?.Invoke("Pop") == true)
        {
            await inner.PopAsync(request, ct);
        }

        return await On("Pop").PopAsync(request, ct);
    }

    public ValueTask<bool> AdmitsAsync(IndexEntry entry, PopRequest request, CancellationToken ct) => On("Admits").AdmitsAsync(entry, request, ct);

    public ValueTask MarkAsync(EntryKey key, DateTimeOffset at, CancellationToken ct) => On("Mark").MarkAsync(key, at, ct);

    public ValueTask TouchAsync(EntryKey key, DateTimeOffset validatedAt, CancellationToken ct) => On("Touch").TouchAsync(key, validatedAt, ct);

    public ValueTask<IndexEntry?> DeleteAsync(EntryKey key, long? ifVersion, CancellationToken ct) => On("Delete").DeleteAsync(key, ifVersion, ct);

    public ValueTask<IReadOnlyList<IndexEntry>> DeleteKeyAsync(string storeId, string key, CancellationToken ct) => On("DeleteKey").DeleteKeyAsync(storeId, key, ct);

    public ValueTask<IndexTotals> DeletePrefixAsync(string storeId, string prefix, CancellationToken ct) => On("DeletePrefix").DeletePrefixAsync(storeId, prefix, ct);

    public ValueTask<IndexTotals> PinAsync(Pin pin, CancellationToken ct) => On("Pin").PinAsync(pin, ct);

    public ValueTask<bool> UnpinAsync(Pin pin, CancellationToken ct) => On("Unpin").UnpinAsync(pin, ct);

    public ValueTask<IReadOnlyList<Pin>> ListPinsAsync(CancellationToken ct) => On("ListPins").ListPinsAsync(ct);

    public ValueTask<IndexTotals> GetTotalsAsync(string? storeId, CancellationToken ct) => On("GetTotals").GetTotalsAsync(storeId, ct);

    public ValueTask<IReadOnlyList<string>> ListStoresAsync(CancellationToken ct) => On("ListStores").ListStoresAsync(ct);

    public IAsyncEnumerable<IndexEntry> EnumerateAsync(IndexQuery query, CancellationToken ct) => On("Enumerate").EnumerateAsync(query, ct);

    public ValueTask FlushAsync(CancellationToken ct) => On("Flush").FlushAsync(ct);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private IStoreIndex On(string operation) =>
        Fails?.Invoke(operation) == true ? throw new ZarrCacheException($"The index cannot {operation}: the test's disk is full.") : inner;
}
