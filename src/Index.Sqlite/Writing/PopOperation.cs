namespace ZarrCache.Index.Sqlite;

/// <summary>Removes the entries of the smallest priority until the request is met, and answers with them.</summary>
internal sealed class PopOperation(PopRequest request) : WriteOperation<IReadOnlyList<IndexEntry>>
{
    public override int Weight => (int)Math.Clamp(request.Count, 1, 10_000);

    public override bool Execute(WriteTransaction transaction)
    {
        transaction.FlushMarks();
        List<PlacedEntry> rows = Select(transaction);
        var popped = new IndexEntry[rows.Count];
        for (int i = 0; i < popped.Length; i++)
        {
            transaction.Entries.Delete(rows[i].Id);
            popped[i] = transaction.Removed(rows[i].Store, rows[i].Entry);
        }

        Result = popped;
        return true;
    }

    private List<PlacedEntry> Select(WriteTransaction transaction)
    {
        var rows = new List<PlacedEntry>();
        if (request is { Bytes: 0, Count: 0 })
        {
            return rows;
        }

        var order = new PriorityMerge(transaction.Connection, FindStores(transaction), request.Kind, descending: false);
        long bytes = 0;
        foreach (PlacedEntry row in order.Read(order.Start))
        {
            rows.Add(row);
            bytes += row.Entry.AllocatedSize;
            if (bytes >= request.Bytes && rows.Count >= request.Count)
            {
                break;
            }
        }

        return rows;
    }

    private IReadOnlyList<(long Id, string Name)> FindStores(WriteTransaction transaction)
    {
        if (request.StoreId is not { } storeId)
        {
            return StoreNames.QueryAll(transaction.Connection);
        }

        return transaction.FindStore(storeId) is { } store ? [(store, storeId)] : [];
    }
}
