namespace ZarrCache.Index.Sqlite;

/// <summary>Writes the accesses that wait in memory.</summary>
/// <remarks>
/// In two sorted passes, each along neighbours in one tree: the ids from the key index, which holds them, then the rows
/// in the order in which they lie in the file. Going by key alone takes half as long again.
/// </remarks>
internal sealed class MarkFlushOperation : WriteOperation<bool>
{
    private const string FindId = "SELECT id FROM entries WHERE store = ?1 AND key = ?2 AND \"offset\" = ?3";
    private const string ReadRow = $"SELECT {EntryRow.Columns} FROM entries WHERE id = ?1";
    private const string Update = "UPDATE entries SET last_access = ?2, access_count = ?3 WHERE id = ?1";
    private const string UpdateAndReorder = "UPDATE entries SET last_access = ?2, access_count = ?3, priority = ?4 WHERE id = ?1";

    public override bool Execute(WriteTransaction transaction)
    {
        Flush(transaction);
        return true;
    }

    /// <summary>In the transaction of whoever needs them written: pop, or a flush.</summary>
    public static void Flush(WriteTransaction transaction)
    {
        Dictionary<EntryKey, PendingMark> marks = transaction.TakeMarks();
        if (marks.Count == 0)
        {
            return;
        }

        List<(long Id, EntryKey Key, PendingMark Mark)> rows = FindIds(transaction, marks);
        rows.Sort(static (a, b) => a.Id.CompareTo(b.Id));
        foreach ((long id, EntryKey key, PendingMark mark) in rows)
        {
            Write(transaction, id, key, mark);
        }
    }

    private static List<(long Id, EntryKey Key, PendingMark Mark)> FindIds(WriteTransaction transaction, Dictionary<EntryKey, PendingMark> marks)
    {
        KeyValuePair<EntryKey, PendingMark>[] sorted = [.. marks];
        Array.Sort(sorted, static (a, b) => ByPlace(a.Key, b.Key));
        var found = new List<(long Id, EntryKey Key, PendingMark Mark)>(sorted.Length);
        Statement find = transaction.Connection.Prepare(FindId);
        foreach ((EntryKey key, PendingMark mark) in sorted)
        {
            if (transaction.FindStore(key.StoreId) is { } store)
            {
                EntryRow.BindPlace(find, store, key.Key, key.Offset);
                if (find.Step())
                {
                    found.Add((find.Int64(0), key, mark));
                    find.Reset();
                }
            }
        }

        return found;
    }

    private static void Write(WriteTransaction transaction, long id, EntryKey key, PendingMark mark)
    {
        Statement read = transaction.Connection.Prepare(ReadRow);
        read.Bind(1, id);
        read.Step();
        IndexEntry entry = EntryRow.Read(read, key.StoreId, key.Key);
        read.Reset();

        IndexEntry marked = mark.ApplyTo(entry, transaction.Policy);
        bool reorder = !marked.Priority.Equals(entry.Priority); // FIFO and LIFO need no index changed
        Statement write = transaction.Connection.Prepare(reorder ? UpdateAndReorder : Update);
        write.Bind(1, id);
        write.Bind(2, mark.LastAccess);
        write.Bind(3, marked.AccessCount);
        if (reorder)
        {
            write.Bind(4, marked.Priority);
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
