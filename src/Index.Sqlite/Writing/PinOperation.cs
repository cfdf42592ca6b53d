namespace ZarrCache.Index.Sqlite;

/// <summary>
/// Pins a prefix, or takes the pin back: the pin first, so that what is pushed meanwhile is right, then the entries that are
/// there, so many in each transaction that other writers do not wait long. Answers with what lies below it, or null if
/// there was no pin to take back. Carried out again, as after a crash in the middle, it does no harm.
/// </summary>
internal sealed class PinOperation(Pin pin, bool release) : WriteOperation<IndexTotals?>
{
    private const int Step = 4000;

    private readonly KeyRange _range = new(pin.Prefix);
    private (string Key, long Offset) _committed = (pin.Prefix, EntryKey.Whole - 1);
    private (string Key, long Offset) _reached;
    private IndexTotals _below;
    private IndexTotals _belowNow;
    private bool _isUnknown;

    public override int Weight => Step;

    public override bool Execute(WriteTransaction transaction)
    {
        _belowNow = default;
        _reached = _committed;
        if (_committed.Offset < EntryKey.Whole)
        {
            bool known = PinTable.ReadAll(transaction.Connection).Any(row => row.Pin == pin);
            _isUnknown = release && !known;
            if (_isUnknown)
            {
                return true;
            }

            transaction.SetPin(pin, release ? PinState.Releasing : PinState.Applying);
        }

        bool finished = transaction.FindStore(pin.StoreId) is not { } store || RetainPage(transaction, store);
        if (finished)
        {
            transaction.SetPin(pin, release ? PinState.Gone : PinState.Applied);
        }

        return finished;
    }

    public override void OnCommitted()
    {
        _committed = _reached;
        _below += _belowNow;
        Result = _isUnknown ? null : _below;
    }

    private bool RetainPage(WriteTransaction transaction, long store)
    {
        transaction.TouchAll();
        var changes = new List<(long Id, Retention Retention)>(Step);
        int count = 0;
        Statement rows = transaction.Connection.Prepare(KeyOrder.PageSql("id, key, \"offset\", kind, size, allocated_size, retention", descending: false));
        KeyOrder.Bind(rows, store, _committed, _range, Step);
        while (rows.Step())
        {
            count++;
            _belowNow += new IndexTotals(1, rows.Int64(4), rows.Int64(5), rows.Int64(3) == (long)EntryKind.Absent ? 1 : 0);
            _reached = (rows.Text(1), rows.Int64(2));
            Retention retention = transaction.Pins.RetentionOf(pin.StoreId, _reached.Key);
            if (retention != (Retention)rows.Int64(6))
            {
                changes.Add((rows.Int64(0), retention));
            }
        }

        Statement update = transaction.Connection.Prepare("UPDATE entries SET retention = ?2 WHERE id = ?1");
        foreach ((long id, Retention retention) in changes)
        {
            update.Bind(1, id);
            update.Bind(2, (long)retention);
            update.Run();
        }

        return count < Step;
    }
}
