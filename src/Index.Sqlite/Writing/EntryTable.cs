namespace ZarrCache.Index.Sqlite;

/// <summary>The statements by which one entry at a time is found, pushed and removed. As thread-safe as its connection.</summary>
internal sealed class EntryTable
{
    public const string FindSql = $"SELECT {EntryRow.Columns} FROM entries WHERE store = ?1 AND key = ?2 AND \"offset\" = ?3";

    private readonly IndexConnection _connection;
    private readonly Statement _insert;
    private readonly Statement _replace;
    private readonly Statement _find;
    private readonly Statement _delete;
    private readonly Statement _reorder;

    public EntryTable(IndexConnection connection)
    {
        _connection = connection;
        _insert = connection.Prepare(EntryRow.InsertIfEmpty);
        _replace = connection.Prepare(EntryRow.Replace);
        _find = connection.Prepare(FindSql);
        _delete = connection.Prepare("DELETE FROM entries WHERE id = ?1");
        _reorder = connection.Prepare("UPDATE entries SET priority = ?2, referenced = 0 WHERE id = ?1");
    }

    /// <summary>Inserts or replaces an entry. Returns the one that it replaced.</summary>
    /// <remarks>Insert first: a push is nearly always of something new, and then one descent of the key index is all.</remarks>
    public IndexEntry? Push(long store, IndexEntry entry, double priority)
    {
        EntryRow.Bind(_insert, store, entry, priority);
        _insert.Run();
        if (_connection.Changes == 1)
        {
            return null;
        }

        Find(store, entry.EntryKey, out IndexEntry? replaced);
        EntryRow.Bind(_replace, store, entry, priority);
        _replace.Run();
        return replaced;
    }

    /// <summary>The id and the content of the entry at a place.</summary>
    public long Find(long store, EntryKey key, out IndexEntry? entry)
    {
        EntryRow.BindPlace(_find, store, key.Key, key.Offset);
        long id = 0;
        entry = null;
        if (_find.Step())
        {
            id = _find.Int64(EntryRow.IdColumn);
            entry = EntryRow.Read(_find, key.StoreId, key.Key);
            _find.Reset();
        }

        return id;
    }

    /// <summary>Gives an entry the priority that its policy keeps it with.</summary>
    public void Reorder(long id, double priority)
    {
        _reorder.Bind(1, id);
        _reorder.Bind(2, priority);
        _reorder.Run();
    }

    public void Delete(long id)
    {
        _delete.Bind(1, id);
        _delete.Run();
    }
}
