namespace ZarrCache;

/// <summary>
/// A cache of many stores in one budget: what the cached store asks before it asks the origin. Thread-safe.
/// </summary>
/// <remarks>
/// A storage may lose what it was given, at any time; it never gives back anything else. So <see cref="GetAsync"/> and
/// <see cref="FindAsync"/> answer null when the cache itself fails (it is logged and counted), and <see cref="PutAsync"/>
/// declines; only what the caller must know of is thrown: a delete that did not happen, a flush that failed.
/// </remarks>
public interface ICacheStorage : IAsyncDisposable
{
    /// <summary>What is cached under a key as a whole: a value, an absence, or null. No access is recorded, no byte read.</summary>
    ValueTask<IndexEntry?> FindAsync(string storeId, string key, CancellationToken ct);

    /// <summary>
    /// Begins a read of what is cached under a key, records an access, and gives null for a miss. A value that is still
    /// waiting to be written is a hit.
    /// </summary>
    /// <returns>A hit that the caller disposes of.</returns>
    /// <exception cref="RangeNotSatisfiableException">The cached object has no byte in the range.</exception>
    ValueTask<CacheHit?> GetAsync(string storeId, string key, ByteRange range, CancellationToken ct);

    /// <summary>
    /// What is cached of an object in parts: those that share a byte with the range, and what the object is; null if no
    /// part of it is cached. No access is recorded, no byte read. A read of a range that begins where a part does, and
    /// ends within it, needs this not: <see cref="GetAsync"/> answers it.
    /// </summary>
    ValueTask<CachedParts?> FindPartsAsync(string storeId, string key, ByteRange range, CancellationToken ct);

    /// <summary>Begins a read within one part and records an access; null if its bytes are not there any more.</summary>
    /// <param name="part">The part.</param>
    /// <param name="offset">The first byte wanted, in the object.</param>
    /// <param name="length">How many; all within the part.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>A hit that the caller disposes of.</returns>
    ValueTask<CacheHit?> GetPartAsync(IndexEntry part, long offset, long length, CancellationToken ct);

    /// <summary>
    /// Waits until the caller may fetch what is missing: in a cache that machines share one of them fetches, and the others wait until
    /// that is cached, has failed, or its machine has died. Never fails save by <paramref name="ct"/>.
    /// </summary>
    /// <param name="place">What is missing.</param>
    /// <param name="isCached">Whether what is cached by now is what the caller wants.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>To be disposed of when the fetch is over and what it brought was put; null if <paramref name="isCached"/> said so.</returns>
    ValueTask<IAsyncDisposable?> BeginFetchAsync(EntryKey place, Func<ValueTask<bool>> isCached, CancellationToken ct);

    /// <summary>
    /// Takes over an item to be cached, in place of what was cached under its key before; a value or an absence replaces
    /// the key's parts too, a part those that it overlaps. Does not wait until it is written, save as the storage's options say of a full queue.
    /// </summary>
    /// <returns>False if it was declined: too large, or the queue is full.</returns>
    ValueTask<bool> PutAsync(CacheItem item, CancellationToken ct);

    /// <summary>Records that the origin confirmed an entry.</summary>
    ValueTask TouchAsync(IndexEntry entry, DateTimeOffset validatedAt, CancellationToken ct);

    /// <summary>Removes all that is cached or waiting under a key.</summary>
    /// <returns>Whether there was anything.</returns>
    /// <exception cref="ZarrCacheException">It may still be there.</exception>
    ValueTask<bool> DeleteAsync(string storeId, string key, CancellationToken ct);

    /// <summary>Removes all that is cached or waiting under keys of a prefix; the empty prefix removes the store.</summary>
    /// <returns>What was removed.</returns>
    /// <exception cref="ZarrCacheException">Some may still be there.</exception>
    ValueTask<IndexTotals> DeletePrefixAsync(string storeId, string prefix, CancellationToken ct);

    /// <summary>Writes what waits for a store and gives back what the storage holds open for it; the next call opens it again.</summary>
    ValueTask CloseStoreAsync(string storeId, CancellationToken ct);

    /// <summary>Completes when all that was put before is written or given up, and the index's marks are.</summary>
    ValueTask FlushAsync(CancellationToken ct);

    /// <summary>What is cached of one store, or of all (null). O(1).</summary>
    ValueTask<IndexTotals> GetTotalsAsync(string? storeId, CancellationToken ct);
}
