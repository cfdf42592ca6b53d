namespace ZarrCache.Index.Sqlite;

/// <summary>Removes what begins with a prefix, so many in each transaction that other writers do not wait long; answers with their totals.</summary>
internal sealed class DeletePrefixOperation(string storeId, string prefix) : WriteOperation<IndexTotals>
{
    private const int Step = 4000;

    private readonly KeyRange _range = new(prefix);
    private (string Key, long Offset) _committed = (prefix, EntryKey.Whole - 1);
    private (string Key, long Offset) _reached;
    private IndexTotals _removed;
    private IndexTotals _removedNow;

    public override int Weight => Step;

    public override bool Execute(WriteTransaction transaction)
    {
        _removedNow = default;
        _reached = _committed;
        transaction.TouchAll();
        if (transaction.FindStore(storeId) is not { } store)
        {
            return true;
        }

        var ids = new List<long>(Step);
        Statement rows = transaction.Connection.Prepare(KeyOrder.PageSql("id, key, \"offset\", kind, size, allocated_size", descending: false));
        KeyOrder.Bind(rows, store, _committed, _range, Step);
        while (rows.Step())
        {
            ids.Add(rows.Int64(0));
            _removedNow += new IndexTotals(1, rows.Int64(4), rows.Int64(5), rows.Int64(3) == (long)EntryKind.Absent ? 1 : 0);
            if (ids.Count == Step)
            {
                _reached = (rows.Text(1), rows.Int64(2));
            }
        }

        foreach (long id in ids)
        {
            transaction.Entries.Delete(id);
        }

        transaction.Add(store, default(IndexTotals) - _removedNow);
        return ids.Count < Step;
    }

    public override void OnCommitted()
    {
        _committed = _reached;
        _removed += _removedNow;
        Result = _removed;
    }
}
