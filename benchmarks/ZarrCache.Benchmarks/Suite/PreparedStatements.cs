using ZarrCache.Benchmarks.Sqlite;

namespace ZarrCache.Benchmarks.Suite;

/// <summary>Prepared statements of SQLitePCLRaw on the schema, the indices and the pragmas of the SQLite index.</summary>
internal sealed class PreparedStatements : IIndexYardstick
{
    private readonly RawDatabase _database;

    private PreparedStatements(RawDatabase database) => _database = database;

    public static async ValueTask<IIndexYardstick> CreateAsync(string directory) =>
        new PreparedStatements(await RawDatabase.CreateAsync(Path.Combine(directory, "yardstick.db")));

    public ValueTask PushAsync(IReadOnlyList<IndexEntry> batch)
    {
        _database.PushBatches(batch as IndexEntry[] ?? [.. batch], Math.Max(1, batch.Count));
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> FindAsync(EntryKey key) => new(_database.Find(key.Key));

    public ValueTask<IReadOnlyList<IndexEntry>> PopAsync(int count)
    {
        var keys = new List<string>(count);
        _database.Pop(count, keys);
        return new([.. keys.Select(key => new IndexEntry { StoreId = Entries.Store, Key = key })]);
    }

    public ValueTask DeleteAsync(IReadOnlyList<IndexEntry> entries)
    {
        _database.Delete(entries.Select(entry => entry.Key));
        return ValueTask.CompletedTask;
    }

    public ValueTask<long?> EnumerateAsync(IndexOrder order, int limit)
    {
        string clause = order switch
        {
            IndexOrder.Key => "ORDER BY store, key, \"offset\"",
            IndexOrder.LastAccess => "ORDER BY last_access",
            _ => "",
        };
        return new(_database.Enumerate(FormattableString.Invariant($"{clause} LIMIT {limit}")));
    }

    public ValueTask DisposeAsync()
    {
        _database.Dispose();
        return ValueTask.CompletedTask;
    }
}
