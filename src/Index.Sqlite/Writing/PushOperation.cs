namespace ZarrCache.Index.Sqlite;

/// <summary>Pushes one entry; answers with the one that it replaced.</summary>
internal sealed class PushOperation(IndexEntry entry) : WriteOperation<IndexEntry?>
{
    public override bool Execute(WriteTransaction transaction)
    {
        Result = Push(transaction, entry);
        return true;
    }

    public static IndexEntry? Push(WriteTransaction transaction, IndexEntry entry)
    {
        long clock = transaction.NextClock();
        entry = entry with { AccessClock = clock, Retention = transaction.Pins.RetentionOf(entry.StoreId, entry.Key) };
        double priority = Priorities.OnPush(transaction.Policy, entry, clock);
        long store = transaction.FindOrAddStore(entry.StoreId);
        IndexEntry? replaced = transaction.Entries.Push(store, entry, priority);
        transaction.Add(store, IndexTotals.Of(entry));
        if (replaced is not null)
        {
            return transaction.Removed(store, replaced);
        }

        EntryKey key = entry.EntryKey;
        transaction.Marks.TryTake(key, out _);
        transaction.Touch(key);
        return null;
    }
}
