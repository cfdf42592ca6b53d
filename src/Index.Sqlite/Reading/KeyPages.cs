namespace ZarrCache.Index.Sqlite;

/// <summary>By store, key and offset: one store after the other, each along the key index.</summary>
internal sealed class KeyPages(IndexQuery query) : EntryPages
{
    private readonly KeyRange _range = new(query.Prefix);
    private Queue<string>? _stores;
    private (string Key, long Offset)? _place;

    public override bool Read(ReadConnection reader, List<IndexEntry> page, int limit)
    {
        _stores ??= new Queue<string>(query.StoreId is { } one ? [one] : ListStores(reader));
        while (_stores.TryPeek(out string? storeId))
        {
            int seen = reader.FindStore(storeId) is { } store ? ReadStore(reader, store, storeId, page, limit) : 0;
            if (seen == limit)
            {
                return true;
            }

            limit -= seen;
            _stores.Dequeue();
            _place = null;
        }

        return false;
    }

    private IEnumerable<string> ListStores(ReadConnection reader) => query.Descending ? reader.ListStores().Reverse() : reader.ListStores();

    /// <summary>Returns how many rows it saw, those of another kind too: a page is bounded in what it looks at.</summary>
    private int ReadStore(ReadConnection reader, long store, string storeId, List<IndexEntry> page, int limit)
    {
        Statement rows = reader.Connection.Prepare(KeyOrder.PageSql(EntryRow.Columns, query.Descending));
        if (query.Descending)
        {
            KeyOrder.BindDescending(rows, store, _place, _range, limit);
        }
        else
        {
            KeyOrder.Bind(rows, store, _place ?? (_range.Prefix, EntryKey.Whole - 1), _range, limit);
        }

        int seen = 0;
        while (rows.Step())
        {
            seen++;
            EntryKind kind = EntryRow.Kind(rows);
            if (query.Kind is null || query.Kind == kind)
            {
                page.Add(EntryRow.Read(rows, storeId));
            }

            if (seen == limit)
            {
                _place = EntryRow.Place(rows);
            }
        }

        return seen;
    }
}
