namespace ZarrCache.Benchmarks.Suite;

/// <summary>What stands below an index, used by hand: the same keys and columns, and nothing that makes an index of it. Not thread-safe.</summary>
public interface IIndexYardstick : IAsyncDisposable
{
    /// <summary>Adds entries that are not there yet, in one batch.</summary>
    ValueTask PushAsync(IReadOnlyList<IndexEntry> batch);

    /// <summary>Reads an entry.</summary>
    ValueTask<bool> FindAsync(EntryKey key);

    /// <summary>Removes the entries that come first, and reads them.</summary>
    ValueTask<IReadOnlyList<IndexEntry>> PopAsync(int count);

    /// <summary>Removes entries by their keys; to set things back, not measured.</summary>
    ValueTask DeleteAsync(IReadOnlyList<IndexEntry> entries);

    /// <summary>Reads entries in an order, at most <paramref name="limit"/>.</summary>
    /// <returns>How many; null where there is no such order.</returns>
    ValueTask<long?> EnumerateAsync(IndexOrder order, int limit);
}
