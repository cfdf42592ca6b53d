namespace ZarrCache.Index.Sqlite;

/// <summary>Everything, in the order in which it lies in the file: the fastest.</summary>
internal sealed class RowPages : EntryPages
{
    private const string Sql = $"SELECT {EntryRow.Columns} FROM entries WHERE id > ?1 ORDER BY id LIMIT ?2";

    private long _after;

    public override bool Read(ReadConnection reader, List<IndexEntry> page, int limit)
    {
        Statement rows = reader.Connection.Prepare(Sql);
        rows.Bind(1, _after);
        rows.Bind(2, limit);
        int before = page.Count;
        while (rows.Step())
        {
            _after = rows.Int64(EntryRow.IdColumn);
            page.Add(EntryRow.Read(rows, reader.StoreName(rows.Int64(EntryRow.StoreColumn))));
        }

        return page.Count - before == limit;
    }
}
