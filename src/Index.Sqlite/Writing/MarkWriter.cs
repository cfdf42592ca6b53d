namespace ZarrCache.Index.Sqlite;

/// <summary>
/// Writes accesses to the rows of their entries, in two sorted passes, each along neighbours in one tree: the ids from
/// the key index, which holds them, then the rows in the order in which they lie in the file. Going by key alone takes
/// half as long again. Used by the one thread that writes; keeps its lists, which are too large to be made each time.
/// </summary>
internal sealed class MarkWriter(WriteTransaction transaction)
{
    private const string FindId = "SELECT id FROM entries WHERE store = ?1 AND key = ?2 AND \"offset\" = ?3";
    private const string ReadRow = $"SELECT {EntryRow.Columns} FROM entries WHERE id = ?1";
    private const string Update = "UPDATE entries SET last_access = ?2, access_count = ?3, access_clock = ?4, referenced = 1 WHERE id = ?1";
    private const string UpdateAndReorder = "UPDATE entries SET last_access = ?2, access_count = ?3, access_clock = ?4, referenced = 0, priority = ?5 WHERE id = ?1";

    private readonly Statement _findId = transaction.Connection.Prepare(FindId);
    private readonly Statement _readRow = transaction.Connection.Prepare(ReadRow);
    private readonly Statement _update = transaction.Connection.Prepare(Update);
    private readonly Statement _updateAndReorder = transaction.Connection.Prepare(UpdateAndReorder);
    private readonly List<KeyValuePair<EntryKey, PendingMark>> _byPlace = [];
    private readonly List<(long Id, EntryKey Key, PendingMark Mark)> _byId = [];

    public void Write(Dictionary<EntryKey, PendingMark> marks)
    {
        try
        {
            _byPlace.AddRange(marks);
            _byPlace.Sort(static (a, b) => ByPlace(a.Key, b.Key));
            foreach ((EntryKey key, PendingMark mark) in _byPlace)
            {
                AddId(key, mark);
            }

            _byId.Sort(static (a, b) => a.Id.CompareTo(b.Id));
            foreach ((long id, EntryKey key, PendingMark mark) in _byId)
            {
                Write(id, key, mark);
            }
        }
        finally
        {
            _byPlace.Clear();
            _byId.Clear();
        }
    }

    private void AddId(EntryKey key, PendingMark mark)
    {
        if (transaction.FindStore(key.StoreId) is { } store)
        {
            EntryRow.BindPlace(_findId, store, key.Key, key.Offset);
            if (_findId.Step())
            {
                _byId.Add((_findId.Int64(0), key, mark));
                _findId.Reset();
            }
        }
    }

    private void Write(long id, EntryKey key, PendingMark mark)
    {
        _readRow.Bind(1, id);
        _readRow.Step();
        IndexEntry entry = EntryRow.Read(_readRow, key.StoreId, key.Key);
        _readRow.Reset();

        IndexEntry marked = mark.ApplyTo(entry, transaction.Policy);
        bool reorder = !marked.Referenced; // most policies leave the order alone, and then no index is changed
        Statement write = reorder ? _updateAndReorder : _update;
        write.Bind(1, id);
        write.Bind(2, mark.LastAccess);
        write.Bind(3, marked.AccessCount);
        write.Bind(4, mark.Clock);
        if (reorder)
        {
            write.Bind(5, marked.Priority);
        }

        write.Run();
    }

    private static int ByPlace(EntryKey a, EntryKey b)
    {
        int order = ReferenceEquals(a.StoreId, b.StoreId) ? 0 : string.CompareOrdinal(a.StoreId, b.StoreId);
        order = order != 0 ? order : string.CompareOrdinal(a.Key, b.Key);
        return order != 0 ? order : a.Offset.CompareTo(b.Offset);
    }
}
