namespace ZarrCache;

/// <summary>
/// Opens the chunk storage of each store of a cache, by a pattern such as <c>cache/{store_id}.zarr</c>. Two store ids
/// never open the same place. Thread-safe.
/// </summary>
public abstract class StoreOpener
{
    /// <summary>What stands for the store id in a pattern.</summary>
    public const string Placeholder = "{store_id}";

    /// <summary>
    /// Opens the chunks of one store; made when the first value is written, not before. A cache may open one twice at once; it uses
    /// one of them, and disposes of both.
    /// </summary>
    /// <returns>A store that the caller disposes of.</returns>
    /// <exception cref="ArgumentException">The id is none (see <see cref="ZarrKey.ValidateStoreId"/>).</exception>
    /// <exception cref="StoreException">The place cannot be opened.</exception>
    public abstract IChunkStore Open(string storeId);

    /// <summary>Looks whether the place is there and can become that of a new cache; does nothing where opening a store makes the place.</summary>
    /// <exception cref="StoreException">It cannot; the message says what to do.</exception>
    public virtual ValueTask CheckAsync(CancellationToken ct) => ValueTask.CompletedTask;

    /// <summary>Removes the temporary files older than <paramref name="age"/> that lie in no store: what opening one leaves that is killed. None by default.</summary>
    /// <exception cref="StoreException">They cannot be removed.</exception>
    public virtual ValueTask<RemovedTemporaries> RemoveTemporariesAsync(TimeSpan age, CancellationToken ct) => default;

    /// <summary>How many values are best written or erased at once: 4 by default, for a local disk; more where each takes a journey.</summary>
    public virtual int ConcurrentWrites => 4;

    /// <summary>The ids of the stores that hold anything, whoever wrote it; what does not fit the pattern is passed over.</summary>
    public abstract IAsyncEnumerable<string> ListStoresAsync(CancellationToken ct);
}
