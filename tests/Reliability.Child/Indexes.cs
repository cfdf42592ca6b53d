using ZarrCache.Index.Faster;
using ZarrCache.Index.Sqlite;

namespace ZarrCache.Reliability;

/// <summary>The indexes that live in files.</summary>
internal static class Indexes
{
    public const string Sqlite = "sqlite";
    public const string Faster = "faster";

    public static IStoreIndex Open(string name, string root) => name switch
    {
        Sqlite => new SqliteStoreIndex(Path.Combine(root, "index.db")),
        Faster => new FasterStoreIndex(
            Path.Combine(root, "index"),
            new FasterStoreIndexOptions { LogMemoryBytes = 1 << 18, PageBytes = 1 << 16, ExpectedKeys = 1000, CheckpointInterval = TimeSpan.FromMilliseconds(100) }),
        _ => throw new ArgumentException($"There is no index '{name}'.", nameof(name)),
    };
}
