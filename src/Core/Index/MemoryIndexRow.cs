namespace ZarrCache;

/// <summary>A place in one store's order of keys: that of a row, or a bound to search with.</summary>
internal class MemoryIndexPlace(string key, long offset)
{
    public static IComparer<MemoryIndexPlace> Order { get; } = Comparer<MemoryIndexPlace>.Create(static (a, b) =>
        Utf8Order.Compare(a.Key, b.Key) is not 0 and int byKey ? byKey : a.Offset.CompareTo(b.Offset));

    public string Key { get; } = key;

    /// <summary>As in <see cref="EntryKey"/>: the whole comes before the parts.</summary>
    public long Offset { get; } = offset;
}

/// <summary>
/// An entry of <see cref="MemoryStoreIndex"/> and its place in the policy's order. About 400 bytes of heap with its
/// entry, its two tree nodes and its slot in the hash table, texts apart. Guarded by the index's lock.
/// </summary>
internal sealed class MemoryIndexRow(MemoryIndexStore store, IndexEntry entry) : MemoryIndexPlace(entry.Key, entry.EntryKey.Offset)
{
    public static IComparer<MemoryIndexRow> PriorityOrder { get; } = Comparer<MemoryIndexRow>.Create(static (a, b) =>
        a.Rank.CompareTo(b.Rank));

    public MemoryIndexStore Store { get; } = store;

    /// <summary>As last pushed, marked or touched; its priority may be older than <see cref="Rank"/>.</summary>
    public IndexEntry Entry { get; set; } = entry;

    /// <summary>The priority, and the clock when an entry was first pushed to this place: policies may give one priority to many.</summary>
    public (double Priority, long Pushed) Rank { get; set; }

    /// <summary>The entry with all that is known of it.</summary>
    public IndexEntry Snapshot() => Entry.Priority.Equals(Rank.Priority) ? Entry : Entry = Entry with { Priority = Rank.Priority };
}
