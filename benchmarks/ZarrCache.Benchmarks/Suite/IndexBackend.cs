using ZarrCache.Index.Faster;
using ZarrCache.Index.Sqlite;

namespace ZarrCache.Benchmarks.Suite;

/// <summary>An index that the suite compares: one line in <see cref="All"/>.</summary>
/// <param name="Name">What it is called in tables and charts.</param>
/// <param name="OpenAsync">Opens it, or makes it, in a directory.</param>
/// <param name="OpenYardstickAsync">Makes what it is measured against, empty, in the same directory; null where that is for the program of the index's own.</param>
/// <param name="MostKeys">No more keys than this: what its memory or its time allows on a usual machine.</param>
/// <param name="Reopens">Whether it is there again after it was closed.</param>
public sealed record IndexBackend(
    string Name,
    Func<string, ValueTask<IStoreIndex>> OpenAsync,
    Func<string, ValueTask<IIndexYardstick>>? OpenYardstickAsync = null,
    int MostKeys = 10_000_000,
    bool Reopens = true)
{
    public static IReadOnlyList<IndexBackend> All { get; } =
    [
        new("Memory", _ => new(new MemoryStoreIndex()), _ => new(new LinkedListLru()), Reopens: false),
        new("SQLite", directory => new(new SqliteStoreIndex(Path.Combine(directory, "index.db"))), PreparedStatements.CreateAsync),
        new("FASTER", directory => new(new FasterStoreIndex(Path.Combine(directory, "faster"), new FasterStoreIndexOptions { LogMemoryBytes = 1L << 30 }))),
    ];

    public override string ToString() => Name;
}
