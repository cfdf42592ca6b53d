using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Sqlite;

namespace ZarrCache.Benchmarks.Sqlite;

/// <summary>A database that is filled once and copied for each measurement, so that all begin from the same file.</summary>
internal sealed class FilledDatabase : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    private FilledDatabase()
    {
    }

    public string Path => _scratch["index.db"];

    public static async Task<FilledDatabase> CreateAsync(int keys)
    {
        var filled = new FilledDatabase();
        await using var index = new SqliteStoreIndex(filled.Path);
        await index.PushManyAsync(Entries.MakeShuffled(keys), CancellationToken.None);
        return filled;
    }

    public string CopyTo(ScratchDirectory scratch)
    {
        File.Copy(Path, scratch["index.db"]);
        return scratch["index.db"];
    }

    public void Dispose() => _scratch.Dispose();
}
