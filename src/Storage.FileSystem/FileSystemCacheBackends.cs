namespace ZarrCache.Storage.FileSystem;

/// <summary>Makes the storage known to cache directories.</summary>
public static class FileSystemCacheBackends
{
    /// <summary>Adds storage patterns that are paths, relative ones to the cache directory.</summary>
    public static CacheBackends AddFileSystem(this CacheBackends backends)
    {
        ArgumentNullException.ThrowIfNull(backends);
        return backends.AddStorage("", (pattern, context) =>
            FileSystemStore.Opener(context.GetFullPath(pattern), new FileSystemStoreOptions { SymbolicLinks = SymbolicLinks.Refuse, Validators = false, TimeProvider = context.Time }));
    }
}
