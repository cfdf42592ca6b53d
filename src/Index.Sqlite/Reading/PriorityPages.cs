namespace ZarrCache.Index.Sqlite;

/// <summary>By priority, along its index; of one store, or of all.</summary>
internal sealed class PriorityPages(IndexQuery query) : EntryPages
{
    private (double Priority, long Id) _place = query.Descending ? (double.PositiveInfinity, long.MaxValue) : (double.NegativeInfinity, long.MinValue);
    private double? _end;

    public override bool Read(ReadConnection reader, List<IndexEntry> page, int limit)
    {
        long? store = query.StoreId is null ? null : reader.FindStore(query.StoreId);
        if (query.StoreId is not null && store is null)
        {
            return false;
        }

        _end ??= FindEnd(reader, store);
        Statement rows = reader.Connection.Prepare(PriorityOrder.PageSql(store is not null, query.Kind, query.Descending));
        BindStore(rows, store);
        rows.Bind(2, _place.Priority);
        rows.Bind(3, _place.Id);
        rows.Bind(4, _end.Value);
        rows.Bind(5, limit);
        int before = page.Count;
        while (rows.Step())
        {
            _place = (rows.Double(EntryRow.PriorityColumn), rows.Int64(EntryRow.IdColumn));
            page.Add(EntryRow.Read(rows, reader.StoreName(rows.Int64(EntryRow.StoreColumn))));
        }

        return page.Count - before == limit;
    }

    /// <summary>The largest priority there is now: what is marked later moves beyond it, and is not given twice.</summary>
    private double FindEnd(ReadConnection reader, long? store)
    {
        if (query.Descending)
        {
            return double.NegativeInfinity;
        }

        Statement last = reader.Connection.Prepare($"{PriorityOrder.Sql(store is not null, query.Kind)} DESC LIMIT 1");
        BindStore(last, store);
        double end = last.Step() ? last.Double(EntryRow.PriorityColumn) : double.NegativeInfinity;
        last.Reset();
        return end;
    }

    private static void BindStore(Statement rows, long? store)
    {
        if (store is { } id)
        {
            rows.Bind(1, id);
        }
    }
}
