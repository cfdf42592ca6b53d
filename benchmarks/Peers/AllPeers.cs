using ZarrCache.Index.Sqlite;
using ZarrCache.Peers.Clients;

namespace ZarrCache.Peers;

/// <summary>Who is compared: one line for each.</summary>
internal static class AllPeers
{
    public static IReadOnlyList<Peer> Dotnet { get; } =
    [
        new("ZarrCache, SQLite and files", "every read, every byte (XxHash3)", "survives a kill; what a power cut tears is found and fetched again", "bytes on disk, LRU and 5 other policies", ZarrCacheValues.OpenAsync),
        new("ZarrCache, memory", "every read, every byte (XxHash3)", "none", "bytes, LRU and 5 other policies", ZarrCacheValues.OpenMemoryAsync),
        new("ZarrCache's SQLite index", "the file's format", "survives a kill; last commits lost in a power cut", "keys and bytes, exact totals, order of eviction", directory => Task.FromResult<IPeerClient>(new ZarrCacheIndex(new SqliteStoreIndex(Path.Combine(directory, "index.db"))))),
        new("ZarrCache's index in memory", "nothing", "none", "keys and bytes, exact totals, order of eviction", _ => Task.FromResult<IPeerClient>(new ZarrCacheIndex(new MemoryStoreIndex()))),
        new("RocksDB", "blocks read from disk (CRC32C), not those in its memory", "survives a kill; last writes lost in a power cut", "no", RocksDbClient.OpenAsync),
        new("ZoneTree", "its log, when it is opened", "last writes lost in a kill (asynchronous log)", "no", ZoneTreeClient.OpenAsync),
        new("LiteDB", "nothing", "survives a kill", "no", LiteDbClient.OpenAsync),
        new("FusionCache over SQLite, no memory level", "nothing", "survives a kill", "time to live", FusionCacheClient.OpenAsync),
        new("redis-server, no persistence", "nothing", "none", "bytes of memory, approximate LRU", RedisClient.OpenAsync),
        new("BitFaster.Caching", "nothing", "none", "number of values", BitFasterClient.OpenAsync),
    ];

    /// <summary>Those that peers.py measures.</summary>
    public static IReadOnlyList<Peer> Python { get; } =
    [
        new("python-diskcache, LRU", "nothing", "survives a kill", "bytes on disk, LRU", null!),
        new("fsspec filecache", "nothing", "files without a check; its list is rewritten whole", "age only", null!),
        new("fsspec simplecache", "nothing", "files without a check", "no", null!),
    ];
}
