namespace ZarrCache.Index.Faster;

/// <summary>Makes the index known to cache directories.</summary>
public static class FasterCacheBackends
{
    /// <summary>Adds the index <c>faster</c>: the directory <c>index.faster</c> in the cache directory.</summary>
    public static CacheBackends AddFaster(this CacheBackends backends)
    {
        ArgumentNullException.ThrowIfNull(backends);
        return backends.AddIndex("faster", (context, _) => new(new FasterStoreIndex(
            context.GetFullPath("index.faster"),
            new FasterStoreIndexOptions { Policy = context.Policy, TimeProvider = context.Time, Logger = context.Logger, LookOnlyIfInUse = context.LookOnly })));
    }
}
