namespace ZarrCache.Index.Sqlite;

/// <summary>Removes the entries that the policy gives up first, until the request is met, and answers with them.</summary>
internal sealed class PopOperation(PopRequest request) : WriteOperation<IReadOnlyList<IndexEntry>>
{
    public override int Weight => (int)Math.Clamp(request.Count, 1, 10_000);

    public override bool Execute(WriteTransaction transaction)
    {
        Result = [];
        if (request is { Bytes: 0, Count: 0 })
        {
            return true;
        }

        transaction.FlushMarks();
        var victims = new Victims(transaction, request);
        List<PlacedEntry> rows = Select(transaction, victims);
        victims.WriteKept();
        var popped = new IndexEntry[rows.Count];
        for (int i = 0; i < popped.Length; i++)
        {
            transaction.Entries.Delete(rows[i].Id);
            popped[i] = transaction.Removed(rows[i].Store, rows[i].Entry);
        }

        Result = popped;
        return true;
    }

    private List<PlacedEntry> Select(WriteTransaction transaction, Victims victims)
    {
        var rows = new List<PlacedEntry>();
        long bytes = 0;
        foreach (PlacedEntry row in victims.Take())
        {
            rows.Add(row);
            transaction.Policy.OnEvict(row.Entry, transaction.Clock);
            bytes += row.Entry.AllocatedSize;
            if (bytes >= request.Bytes && rows.Count >= request.Count)
            {
                break;
            }
        }

        return rows;
    }
}
