namespace ZarrCache.Index.Sqlite;

/// <summary>Removes one entry, if it has the version that is asked for; answers with it.</summary>
internal sealed class DeleteOperation(EntryKey key, long? ifVersion) : WriteOperation<IndexEntry?>
{
    public override bool Execute(WriteTransaction transaction)
    {
        // also when nothing is removed: another process has done so, and what is remembered here is out of date
        transaction.Touch(key);
        Result = null;
        if (transaction.FindStore(key.StoreId) is not { } store)
        {
            return true;
        }

        long id = transaction.Entries.Find(store, key, out IndexEntry? entry);
        if (entry is not null && (ifVersion is null || entry.Version == ifVersion))
        {
            transaction.Entries.Delete(id);
            Result = transaction.Removed(store, entry);
        }

        return true;
    }
}
