namespace ZarrCache.Index.Sqlite;

/// <summary>Writes the accesses that wait in memory, sorted by key, so that neighbours in the key index follow each other.</summary>
internal sealed class MarkFlushOperation : WriteOperation<bool>
{
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

        Statement update = transaction.Connection.Prepare("UPDATE entries SET last_access = ?2, access_count = ?3 WHERE id = ?1");
        Statement reorder = transaction.Connection.Prepare("UPDATE entries SET last_access = ?2, access_count = ?3, priority = ?4 WHERE id = ?1");
        foreach ((EntryKey key, PendingMark mark) in Sorted(marks))
        {
            if (transaction.FindStore(key.StoreId) is not { } store)
            {
                continue;
            }

            long id = transaction.Entries.Find(store, key, out IndexEntry? entry);
            if (entry is null)
            {
                continue;
            }

            IndexEntry marked = mark.ApplyTo(entry, transaction.Policy);
            Statement write = marked.Priority.Equals(entry.Priority) ? update : reorder; // FIFO and LIFO need no index changed
            write.Bind(1, id);
            write.Bind(2, mark.LastAccess);
            write.Bind(3, marked.AccessCount);
            if (write == reorder)
            {
                write.Bind(4, marked.Priority);
            }

            write.Run();
        }
    }

    private static KeyValuePair<EntryKey, PendingMark>[] Sorted(Dictionary<EntryKey, PendingMark> marks)
    {
        KeyValuePair<EntryKey, PendingMark>[] sorted = [.. marks];
        Array.Sort(sorted, static (a, b) =>
        {
            int order = ReferenceEquals(a.Key.StoreId, b.Key.StoreId) ? 0 : string.CompareOrdinal(a.Key.StoreId, b.Key.StoreId);
            order = order != 0 ? order : string.CompareOrdinal(a.Key.Key, b.Key.Key);
            return order != 0 ? order : a.Key.Offset.CompareTo(b.Key.Offset);
        });
        return sorted;
    }
}
