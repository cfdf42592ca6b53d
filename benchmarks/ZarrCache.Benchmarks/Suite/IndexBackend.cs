using ZarrCache.Index.Faster;
using ZarrCache.Index.Redis;
using ZarrCache.Index.Redis.Tests;
using ZarrCache.Index.Sqlite;

namespace ZarrCache.Benchmarks.Suite;

/// <summary>An index that the suite compares: one line in <see cref="All"/>.</summary>
/// <param name="Name">What it is called in tables and charts.</param>
/// <param name="Reach">Who can have it open, and whether it outlives them.</param>
/// <param name="OpenAsync">Opens it, or makes it, in a directory.</param>
/// <param name="OpenYardstickAsync">Makes what it is measured against, empty, in the same directory, laid out for a number of keys.</param>
/// <param name="Compared">The operations that are measured against that; null for all.</param>
/// <param name="MostKeys">No more keys than this: what its memory or its time allows on a usual machine.</param>
/// <param name="Lacks">How this machine comes by the program that it needs; null if it has it, or needs none.</param>
public sealed record IndexBackend(
    string Name,
    IndexReach Reach,
    Func<string, ValueTask<IStoreIndex>> OpenAsync,
    Func<string, int, ValueTask<IIndexYardstick>> OpenYardstickAsync,
    IReadOnlyList<string>? Compared = null,
    int MostKeys = 10_000_000,
    string? Lacks = null)
{
    public static IReadOnlyList<IndexBackend> All { get; } =
    [
        new("Memory", IndexReach.Process, _ => new(new MemoryStoreIndex()), (_, _) => new(new LinkedListLru())),
        new("SQLite", IndexReach.Processes, directory => new(new SqliteStoreIndex(Path.Combine(directory, "index.db"))), (directory, _) => PreparedStatements.CreateAsync(directory)),
        new("FASTER", IndexReach.OneProcess, directory => new(new FasterStoreIndex(Path.Combine(directory, "faster"), FasterOptions)), (directory, keys) => new(new FasterAlone(directory, FasterOptions, keys)), FasterAlone.Operations),
        new("Redis", IndexReach.Machines, OpenRedisAsync, (directory, _) => CommandsByHand.CreateAsync(PrefixOf(directory) + "-by-hand"), CommandsByHand.Operations, Lacks: RedisProcess.IsInstalled ? null : RedisProcess.Install),
    ];

    private static FasterStoreIndexOptions FasterOptions => new() { LogMemoryBytes = 1L << 30 };

    /// <summary>Whether it is there again after it was closed.</summary>
    public bool Reopens => Reach != IndexReach.Process;

    public override string ToString() => Name;

    /// <summary>It remembers no entries here, else finds would measure its memory. Patient, since ten million keys take a server long to go through.</summary>
    private static async ValueTask<IStoreIndex> OpenRedisAsync(string directory) =>
        await RedisStoreIndex.OpenAsync((await LoopbackServers.GetRedisAsync()).Address, new RedisStoreIndexOptions { RememberedEntries = 0, CommandTimeout = TimeSpan.FromMinutes(1), Prefix = PrefixOf(directory) });

    /// <summary>The server is one for all directories.</summary>
    private static string PrefixOf(string directory) => Path.GetFileName(directory.TrimEnd('/'));
}

/// <summary>Who can have an index open, and whether it outlives them: each can do what those before it can.</summary>
public enum IndexReach
{
    /// <summary>One process, and it ends with it.</summary>
    Process,

    /// <summary>One process at a time; kept on disk.</summary>
    OneProcess,

    /// <summary>Processes of one machine; kept on disk.</summary>
    Processes,

    /// <summary>Processes of many machines; kept by a server.</summary>
    Machines,
}
