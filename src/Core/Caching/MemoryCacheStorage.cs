namespace ZarrCache;

/// <summary>A cache in memory, by default evicting the least recently used: for tests, for a first tier over a slower cache, for programs that live short.</summary>
public sealed class MemoryCacheStorage : ForwardingCacheStorage
{
    private readonly MemoryStoreIndex _index;

    /// <summary>A cache of at most <paramref name="maxSize"/> bytes.</summary>
    /// <inheritdoc cref="MemoryCacheStorage(IndexedCacheStorageOptions, EvictionPolicy?)"/>
    public MemoryCacheStorage(long maxSize)
        : this(new IndexedCacheStorageOptions { MaxSize = maxSize })
    {
    }

    /// <summary>A cache as the options say.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public MemoryCacheStorage(IndexedCacheStorageOptions options, EvictionPolicy? policy = null)
        : this(options, new MemoryStoreIndex(policy ?? EvictionPolicy.Lru))
    {
    }

    private MemoryCacheStorage(IndexedCacheStorageOptions options, MemoryStoreIndex index)
        : base(new IndexedCacheStorage(index, MemoryStore.Opener(), options)) => _index = index;

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync().ConfigureAwait(false);
        await _index.DisposeAsync().ConfigureAwait(false);
    }
}
