using ZarrCache.Index.Sqlite;
using ZarrCache.Peers.Clients;

namespace ZarrCache.Peers;

/// <summary>Who is compared: one line for each.</summary>
internal static class AllPeers
{
    public static IReadOnlyList<Peer> Dotnet { get; } =
    [
        new("ZarrCache, SQLite and files", "every read, every byte (XxHash3)", "survives a kill; what a power cut tears is found and fetched again", "bytes on disk, LRU and 5 other policies", "", ZarrCacheValues.OpenAsync),
        new("ZarrCache, memory", "every read, every byte (XxHash3)", "none", "bytes, LRU and 5 other policies", "", ZarrCacheValues.OpenMemoryAsync),
        new("ZarrCache's SQLite index", "the file's format", "survives a kill; last commits lost in a power cut", "keys and bytes, exact totals, order of eviction", "", directory => Task.FromResult<IPeerClient>(new ZarrCacheIndex(new SqliteStoreIndex(Path.Combine(directory, "index.db"))))),
        new("ZarrCache's index in memory", "nothing", "none", "keys and bytes, exact totals, order of eviction", "", _ => Task.FromResult<IPeerClient>(new ZarrCacheIndex(new MemoryStoreIndex()))),
        new("RocksDB", "blocks read from disk (CRC32C), not those in its memory", "survives a kill; last writes lost in a power cut", "no", "A write goes to a log and to memory and is sorted later, and a read of what was just written comes from that memory, unverified; there are no totals and no order of eviction to keep.", RocksDbClient.OpenAsync),
        new("ZoneTree", "its log, when it is opened", "last writes lost in a kill (asynchronous log)", "no", "What was written lately is an object in its process, which a read merely copies; its log is written later, so a kill loses it; there are no totals and no order of eviction to keep.", ZoneTreeClient.OpenAsync),
        new("LiteDB", "nothing", "survives a kill", "no", "It keeps one tree by key in its process and copies pages from its own memory, unverified; there are no totals and no order of eviction to keep.", LiteDbClient.OpenAsync),
        new("FusionCache over SQLite, no memory level", "nothing", "survives a kill", "time to live", "A value is one row of a SQLite database: no file is opened, none is verified, and neither size nor order of eviction is kept.", FusionCacheClient.OpenAsync),
        new("redis-server, no persistence", "nothing", "none", "bytes of memory, approximate LRU", "A batch is one pipeline; it verifies nothing and its order of eviction is a sample.", _ => RedisClient.OpenAsync()),
        new("BitFaster.Caching", "nothing", "none", "number of values", "It is a dictionary in the process: nothing is verified, nothing fetched, no bytes are counted, and its order of eviction is a queue without locks.", BitFasterClient.OpenAsync),
    ];

    /// <summary>Those that peers.py measures.</summary>
    public static IReadOnlyList<Peer> Python { get; } =
    [
        new("python-diskcache, LRU", "nothing", "survives a kill", "bytes on disk, LRU", "What is below 32 KiB is a row of SQLite, and no file; no byte is verified.", null),
        new("fsspec filecache", "nothing", "files without a check; its list is rewritten whole", "age only", "It has no index but a list in its memory, counts no bytes, evicts nothing and verifies nothing: a get is the reading of a file.", null),
        new("fsspec simplecache", "nothing", "files without a check", "no", "It has no index: whether a file of that name exists is all it asks; it counts, evicts and verifies nothing.", null),
    ];
}
