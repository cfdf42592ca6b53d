namespace ZarrCache.Index.Sqlite;

/// <summary>Makes the index known to cache directories.</summary>
public static class SqliteCacheBackends
{
    /// <summary>Adds the index <c>sqlite</c>: <c>index.db</c> in the cache directory.</summary>
    public static CacheBackends AddSqlite(this CacheBackends backends)
    {
        ArgumentNullException.ThrowIfNull(backends);
        return backends.AddIndex("sqlite", (context, _) => new(new SqliteStoreIndex(
            context.GetFullPath("index.db"),
            new SqliteStoreIndexOptions { Policy = context.Policy, TimeProvider = context.Time, Logger = context.Logger })));
    }
}
