namespace ZarrCache.Index.Sqlite;

/// <summary>Removes the value or absence of a key and all its parts; answers with them.</summary>
internal sealed class DeleteKeyOperation(string storeId, string key) : WriteOperation<IReadOnlyList<IndexEntry>>
{
    private const string Sql = $"SELECT {EntryRow.Columns} FROM entries WHERE store = ?1 AND key = ?2 ORDER BY \"offset\"";

    public override bool Execute(WriteTransaction transaction)
    {
        Result = [];
        transaction.Touch(new EntryKey(storeId, key));
        if (transaction.FindStore(storeId) is not { } store)
        {
            return true;
        }

        var removed = new List<IndexEntry>();
        var ids = new List<long>();
        Statement rows = transaction.Connection.Prepare(Sql);
        rows.Bind(1, store);
        rows.BindText(2, key);
        while (rows.Step())
        {
            ids.Add(rows.Int64(EntryRow.IdColumn));
            removed.Add(EntryRow.Read(rows, storeId, key));
        }

        for (int i = 0; i < ids.Count; i++)
        {
            transaction.Entries.Delete(ids[i]);
            removed[i] = transaction.Removed(store, removed[i]);
        }

        Result = removed;
        return true;
    }
}
