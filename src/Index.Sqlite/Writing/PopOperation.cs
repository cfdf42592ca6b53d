namespace ZarrCache.Index.Sqlite;

/// <summary>Removes the entries of the smallest priority until the request is met, and answers with them.</summary>
internal sealed class PopOperation(PopRequest request) : WriteOperation<IReadOnlyList<IndexEntry>>
{
    public override int Weight => (int)Math.Clamp(request.Count, 1, 10_000);

    public override bool Execute(WriteTransaction transaction)
    {
        MarkFlushOperation.Flush(transaction);
        var popped = new List<IndexEntry>();
        var places = new List<(long Id, long Store)>();
        Result = popped;
        if (!Select(transaction, popped, places))
        {
            return true;
        }

        for (int i = 0; i < popped.Count; i++)
        {
            transaction.Entries.Delete(places[i].Id);
            transaction.Removed(places[i].Store, popped[i]);
        }

        return true;
    }

    private bool Select(WriteTransaction transaction, List<IndexEntry> popped, List<(long Id, long Store)> places)
    {
        long? store = request.StoreId is null ? null : transaction.FindStore(request.StoreId);
        if (request.StoreId is not null && store is null)
        {
            return false;
        }

        Statement rows = transaction.Connection.Prepare(PriorityOrder.Sql(store is not null, request.Kind));
        if (store is { } id)
        {
            rows.Bind(1, id);
        }

        try
        {
            long bytes = 0;
            while ((bytes < request.Bytes || popped.Count < request.Count) && rows.Step())
            {
                long owner = rows.Int64(EntryRow.StoreColumn);
                IndexEntry entry = EntryRow.Read(rows, transaction.StoreName(owner));
                popped.Add(entry);
                places.Add((rows.Int64(EntryRow.IdColumn), owner));
                bytes += entry.AllocatedSize;
            }
        }
        finally
        {
            rows.Reset();
        }

        return true;
    }
}
