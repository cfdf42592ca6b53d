namespace ZarrCache.Conformance;

/// <summary>What an index is to hold after any history: the plainest program that says so, a list in the order of the last push or mark.</summary>
internal sealed class StoreIndexModel(EvictionPolicy policy)
{
    // by the time of the last push, or of the last mark too if the policy is LRU; LIFO reads it from its end
    private readonly List<IndexEntry> _entries = [];

    public IReadOnlyList<IndexEntry> Entries => _entries;

    public IEnumerable<IndexEntry> InOrder() => policy == EvictionPolicy.Lifo ? Enumerable.Reverse(_entries) : _entries;

    public IndexEntry? Push(IndexEntry entry)
    {
        IndexEntry? replaced = Remove(entry.EntryKey);
        _entries.Add(entry);
        return replaced;
    }

    public void Mark(EntryKey key, DateTimeOffset at)
    {
        int place = Find(key);
        if (place >= 0)
        {
            IndexEntry marked = _entries[place] with { LastAccess = at, AccessCount = _entries[place].AccessCount + 1 };
            _entries.RemoveAt(place);
            _entries.Insert(policy == EvictionPolicy.Lru ? _entries.Count : place, marked);
        }
    }

    public void Touch(EntryKey key, DateTimeOffset at)
    {
        int place = Find(key);
        if (place >= 0)
        {
            _entries[place] = _entries[place] with { ValidatedAt = at };
        }
    }

    public IndexEntry? Remove(EntryKey key)
    {
        int place = Find(key);
        if (place < 0)
        {
            return null;
        }

        IndexEntry removed = _entries[place];
        _entries.RemoveAt(place);
        return removed;
    }

    public List<IndexEntry> RemoveWhere(Predicate<IndexEntry> condition)
    {
        List<IndexEntry> removed = _entries.FindAll(condition);
        _entries.RemoveAll(condition);
        return removed;
    }

    public List<IndexEntry> Pop(PopRequest request)
    {
        var popped = new List<IndexEntry>();
        foreach (IndexEntry entry in InOrder().Where(entry =>
            (request.StoreId is null || entry.StoreId == request.StoreId) && (request.Kind is null || entry.Kind == request.Kind)))
        {
            if (popped.Sum(entry => entry.AllocatedSize) >= request.Bytes && popped.Count >= request.Count)
            {
                break;
            }

            popped.Add(entry);
        }

        popped.ForEach(entry => _entries.Remove(entry));
        return popped;
    }

    private int Find(EntryKey key) => _entries.FindIndex(entry => entry.EntryKey == key);
}
