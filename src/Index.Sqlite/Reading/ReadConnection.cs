namespace ZarrCache.Index.Sqlite;

/// <summary>A connection that reads, with its hot statements. Used by one thread at a time; rented from <see cref="ReadConnectionPool"/>.</summary>
internal sealed class ReadConnection(IndexConnection connection, StoreNames names) : IDisposable
{
    /// <summary>
    /// The parts that begin in the range, and the last that begins before it, which may reach into it: two descents of
    /// the key index, however many parts the key has, since they are disjoint.
    /// </summary>
    public const string PartsSql = $"""
        SELECT {EntryRow.Columns} FROM entries
        WHERE store = ?1 AND key = ?2 AND "offset" < ?4 AND "offset" >= coalesce(
            (SELECT max("offset") FROM entries WHERE store = ?1 AND key = ?2 AND "offset" >= 0 AND "offset" <= ?3), 0)
        ORDER BY "offset"
        """;

    private const string TotalsSql = "SELECT count, bytes, allocated_bytes, absent_count FROM state";
    private const string StoreTotalsSql = "SELECT count, bytes, allocated_bytes, absent_count FROM stores WHERE name = ?1";

    private readonly Statement _find = connection.Prepare(EntryTable.FindSql);

    public IndexConnection Connection => connection;

    public void Dispose() => connection.Dispose();

    public long? FindStore(string storeId) => names.FindId(storeId, connection);

    public string StoreName(long id) => names.NameOf(id, connection);

    public IndexEntry? Find(EntryKey key)
    {
        if (FindStore(key.StoreId) is not { } store)
        {
            return null;
        }

        EntryRow.BindPlace(_find, store, key.Key, key.Offset);
        if (!_find.Step())
        {
            return null;
        }

        try
        {
            return EntryRow.Read(_find, key.StoreId, key.Key);
        }
        finally
        {
            _find.Reset();
        }
    }

    public IReadOnlyList<IndexEntry> FindParts(string storeId, string key, long offset, long end)
    {
        if (FindStore(storeId) is not { } store)
        {
            return [];
        }

        var parts = new List<IndexEntry>();
        Statement rows = connection.Prepare(PartsSql);
        EntryRow.BindPlace(rows, store, key, offset); // ?3 is the start of the range here
        rows.Bind(4, end);
        while (rows.Step())
        {
            IndexEntry part = EntryRow.Read(rows, storeId, key);
            if (part.Offset + part.Size > offset)
            {
                parts.Add(part);
            }
        }

        return parts;
    }

    /// <summary>The stores that have an entry, by the bytes of their names.</summary>
    public IReadOnlyList<string> ListStores()
    {
        var stores = new List<string>();
        Statement rows = connection.Prepare("SELECT name FROM stores WHERE count > 0 ORDER BY name");
        while (rows.Step())
        {
            stores.Add(rows.Text(0));
        }

        return stores;
    }

    public IndexTotals GetTotals(string? storeId)
    {
        Statement row = connection.Prepare(storeId is null ? TotalsSql : StoreTotalsSql);
        if (storeId is not null)
        {
            row.BindText(1, storeId);
        }

        if (!row.Step())
        {
            return default;
        }

        var totals = new IndexTotals(row.Int64(0), row.Int64(1), row.Int64(2), row.Int64(3));
        row.Reset();
        return totals;
    }
}
