namespace ZarrCache.Index.Sqlite;

/// <summary>Answers whether the policy would rather have an entry than the first that a pop would take; takes nothing.</summary>
internal sealed class AdmitsOperation(IndexEntry entry, PopRequest request) : WriteOperation<bool>
{
    public override bool Execute(WriteTransaction transaction)
    {
        Result = true;
        if (transaction.Pins.RetentionOf(entry.StoreId, entry.Key) == Retention.Evictable)
        {
            transaction.FlushMarks();
            var victims = new Victims(transaction, request);
            foreach (PlacedEntry victim in victims.Take())
            {
                Result = victim.Entry.Retention != Retention.Evictable || transaction.Policy.Admits(entry, victim.Entry, transaction.Clock);
                victims.Leave(victim);
                break;
            }

            victims.WriteKept();
        }

        return true;
    }
}
