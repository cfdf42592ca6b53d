using ZarrCache.Index.Faster;
using ZarrCache.Index.Sqlite;

namespace ZarrCache.Benchmarks.Reliability;

/// <summary>The indexes that live in files, by name, as a process is told which.</summary>
internal static class FileIndexes
{
    public const string Sqlite = "SQLite";
    public const string Faster = "FASTER";

    public static IStoreIndex Open(string name, string root) =>
        name == Sqlite ? new SqliteStoreIndex(Path.Combine(root, "index.db")) : new FasterStoreIndex(Path.Combine(root, "index"), new FasterStoreIndexOptions());

    /// <summary>Loses the index, as if somebody had deleted its files.</summary>
    public static void Delete(string name, string root) => Array.ForEach(Files(name, root), File.Delete);

    /// <summary>Damages it: the second half of each file is zeros.</summary>
    public static void Damage(string name, string root)
    {
        foreach (string file in Files(name, root))
        {
            using FileStream stream = File.OpenWrite(file);
            long length = stream.Length;
            stream.SetLength(length / 2);
            stream.SetLength(length);
        }
    }

    private static string[] Files(string name, string root) =>
        name == Sqlite ? Directory.GetFiles(root, "index.db*") : Directory.GetFiles(Path.Combine(root, "index"), "*", SearchOption.AllDirectories);
}
