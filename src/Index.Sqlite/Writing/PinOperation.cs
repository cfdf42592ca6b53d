namespace ZarrCache.Index.Sqlite;

/// <summary>
/// Pins a prefix, or takes the pin back: the pin first, so that what is pushed meanwhile is right, then the entries that are
/// there, so many in each transaction that other writers do not wait long. Answers with what lies below it, or null if
/// there was no pin to take back. Carried out again, as after a crash in the middle, it does no harm.
/// </summary>
/// <param name="pin">What is pinned.</param>
/// <param name="target"><see cref="PinState.Applying"/> to pin, <see cref="PinState.Releasing"/> to take back.</param>
/// <param name="resume">Only if that was begun and is not finished.</param>
internal sealed class PinOperation(Pin pin, PinState target, bool resume = false) : WriteOperation<IndexTotals?>
{
    private const int Step = 4000;

    private readonly KeyRange _range = new(pin.Prefix);
    private (string Key, long Offset) _committed = (pin.Prefix, EntryKey.Whole - 1);
    private (string Key, long Offset) _reached;
    private IndexTotals _below;
    private IndexTotals _belowNow;
    private bool _begun;
    private bool _wasPinned;

    public override int Weight => Step;

    public override bool Execute(WriteTransaction transaction)
    {
        _belowNow = default;
        _reached = _committed;
        if (!_begun)
        {
            PinState? found = PinTable.Find(transaction.Connection, pin);
            _wasPinned = found is PinState.Applied or PinState.Applying;
            if (resume ? found != target : target == PinState.Releasing && found is null)
            {
                return true;
            }

            transaction.SetPin(pin, target);
        }

        bool finished = transaction.FindStore(pin.StoreId) is not { } store || RetainPage(transaction, store);
        if (finished && PinTable.Find(transaction.Connection, pin) == target) // else it was pinned or released again meanwhile, and that call finishes
        {
            transaction.SetPin(pin, target == PinState.Applying ? PinState.Applied : PinState.Gone);
        }

        return finished;
    }

    public override void OnCommitted()
    {
        _begun = true;
        _committed = _reached;
        _below += _belowNow;
        Result = target == PinState.Releasing && !_wasPinned ? null : _below;
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
