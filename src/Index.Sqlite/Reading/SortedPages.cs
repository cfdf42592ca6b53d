namespace ZarrCache.Index.Sqlite;

/// <summary>
/// By a column that has no index: an index more would be paid for by every push or mark, and this is for people. The
/// sorted ids are kept in a temporary table, on disk where they are many, and read page by page. The first entry comes
/// after one look at all; with a small limit SQLite keeps only so many meanwhile.
/// </summary>
internal sealed class SortedPages(IndexQuery query, ReadConnectionPool pool) : EntryPages
{
    /// <summary>With a LIMIT, a negative one too, SQLite keeps the first entries in a B-tree instead of sorting all: from about here on, of a million, that costs more; for all of them five times as much.</summary>
    private const long SmallLimit = 100_000;

    private const string PageSql = $"""
        SELECT {EntryRow.Columns} FROM temp.sorted CROSS JOIN entries ON entries.id = sorted.entry
        WHERE sorted.place > ?1 AND sorted.place <= ?2 ORDER BY sorted.place
        """;

    private ReadConnectionPool.Lease? _lease;
    private long _place;
    private long _count;

    private bool IsLimitSmall => query.Limit <= SmallLimit;

    public override bool Read(ReadConnection reader, List<IndexEntry> page, int limit)
    {
        if (_lease is null)
        {
            _lease = pool.Rent(); // for as long as the table is needed
            _count = Sort(_lease.Value.Reader);
        }

        ReadConnection owner = _lease.Value.Reader;
        Statement rows = owner.Connection.Prepare(PageSql);
        rows.Bind(1, _place);
        rows.Bind(2, _place + limit);
        while (rows.Step())
        {
            page.Add(EntryRow.Read(rows, owner.StoreName(rows.Int64(EntryRow.StoreColumn))));
        }

        _place += limit;
        return _place < _count;
    }

    public override void Dispose()
    {
        base.Dispose();
        if (_lease is { } lease)
        {
            try
            {
                lease.Reader.Connection.Execute("DROP TABLE IF EXISTS temp.sorted");
            }
            finally
            {
                lease.Dispose();
                _lease = null;
            }
        }
    }

    private long Sort(ReadConnection reader)
    {
        IndexConnection connection = reader.Connection;
        connection.Execute("DROP TABLE IF EXISTS temp.sorted; CREATE TEMP TABLE sorted (place INTEGER PRIMARY KEY, entry INTEGER NOT NULL)");
        if (query.StoreId is not null && reader.FindStore(query.StoreId) is null)
        {
            return 0;
        }

        Statement sort = connection.Prepare(SortSql());
        if (query.StoreId is { } storeId)
        {
            var range = new KeyRange(query.Prefix);
            sort.Bind(1, reader.FindStore(storeId)!.Value);
            sort.BindText(2, range.Prefix);
            sort.BindText(3, range.End);
        }

        if (IsLimitSmall)
        {
            sort.Bind(4, query.Limit!.Value);
        }

        sort.Run();
        return connection.Changes;
    }

    private string SortSql()
    {
        string column = query.Order switch
        {
            IndexOrder.LastAccess => "last_access",
            IndexOrder.AccessCount => "access_count",
            IndexOrder.Size => "size",
            IndexOrder.LoadDuration => "load_duration",
            _ => "priority",
        };
        string where = query.StoreId is null ? "TRUE" : "store = ?1 AND key >= ?2 AND key < ?3";
        string kind = query.Kind is { } one ? FormattableString.Invariant($" AND kind = {(int)one}") : "";
        string direction = query.Descending ? "DESC" : "";
        return $"INSERT INTO temp.sorted (entry) SELECT id FROM entries WHERE {where}{kind} ORDER BY {column} {direction}{(IsLimitSmall ? " LIMIT ?4" : "")}";
    }
}
