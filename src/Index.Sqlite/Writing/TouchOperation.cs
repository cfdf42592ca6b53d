namespace ZarrCache.Index.Sqlite;

/// <summary>Records that the origin confirmed an entry.</summary>
internal sealed class TouchOperation(EntryKey key, DateTimeOffset validatedAt) : WriteOperation<bool>
{
    private const string Sql = "UPDATE entries SET validated_at = ?4 WHERE store = ?1 AND key = ?2 AND \"offset\" = ?3";

    public override bool Execute(WriteTransaction transaction)
    {
        transaction.Touch(key);
        if (transaction.FindStore(key.StoreId) is { } store)
        {
            Statement update = transaction.Connection.Prepare(Sql);
            EntryRow.BindPlace(update, store, key.Key, key.Offset);
            update.Bind(4, validatedAt.UtcTicks);
            update.Run();
        }

        return true;
    }
}
