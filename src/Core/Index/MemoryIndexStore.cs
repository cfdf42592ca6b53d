namespace ZarrCache;

/// <summary>The rows of one store, sorted by key and, each kind by itself, by priority. Guarded by the index's lock.</summary>
internal sealed class MemoryIndexStore(string storeId)
{
    private readonly SortedSet<MemoryIndexPlace> _byKey = new(MemoryIndexPlace.Order);

    // one order for each kind: a pop of one store, of one kind, or of both never walks over rows that it does not want
    private readonly SortedSet<MemoryIndexRow>[] _byPriority =
        [new(MemoryIndexRow.PriorityOrder), new(MemoryIndexRow.PriorityOrder), new(MemoryIndexRow.PriorityOrder)];

    public string StoreId { get; } = storeId;

    public IndexTotals Totals { get; private set; }

    public SortedSet<MemoryIndexRow> ByPriority(EntryKind kind) => _byPriority[(int)kind];

    public void Add(MemoryIndexRow row)
    {
        _byKey.Add(row);
        ByPriority(row.Entry.Kind).Add(row);
        Totals += IndexTotals.Of(row.Entry);
    }

    public void Remove(MemoryIndexRow row)
    {
        _byKey.Remove(row);
        ByPriority(row.Entry.Kind).Remove(row);
        Totals -= IndexTotals.Of(row.Entry);
    }

    /// <summary>Gives a row another place in the policy's order. O(log n).</summary>
    public void Rank(MemoryIndexRow row, (double Priority, long Clock) rank)
    {
        if (row.Rank.Priority.Equals(rank.Priority))
        {
            return;
        }

        SortedSet<MemoryIndexRow> order = ByPriority(row.Entry.Kind);
        order.Remove(row);
        row.Rank = rank;
        order.Add(row);
    }

    /// <summary>The parts of a key that share a byte with [offset, end): parts are disjoint, so only the last that begins at or before the offset can reach into it.</summary>
    public IEnumerable<MemoryIndexRow> Parts(string key, long offset, long end)
    {
        var before = (MemoryIndexRow?)Between(new(key, 0), new(key, offset)).Max;
        long first = before is not null && before.Offset + before.Entry.Size > offset ? before.Offset : offset + 1;
        return Between(new(key, first), new(key, end - 1)).Cast<MemoryIndexRow>();
    }

    /// <summary>The value or absence, and the parts, of a key.</summary>
    public IEnumerable<MemoryIndexRow> OfKey(string key) =>
        Between(new(key, EntryKey.Whole), new(key, long.MaxValue)).Cast<MemoryIndexRow>();

    /// <summary>The rows whose key begins with a prefix, in either direction, those up to and including a place left out.</summary>
    public IEnumerable<MemoryIndexRow> WithPrefix(string prefix, MemoryIndexPlace? after = null, bool descending = false)
    {
        MemoryIndexPlace? low = new(prefix, long.MinValue);
        MemoryIndexPlace? high = Utf8Order.After(prefix) is { } bound ? new(bound, long.MinValue) : _byKey.Max;
        if (after is not null)
        {
            (low, high) = descending ? (low, after) : (after, high);
        }

        SortedSet<MemoryIndexPlace> view = high is null ? [] : Between(low, high);
        IEnumerable<MemoryIndexPlace> places = descending ? view.Reverse() : view;
        return places.SkipWhile(place => after is not null && MemoryIndexPlace.Order.Compare(place, after) == 0).Cast<MemoryIndexRow>();
    }

    /// <summary>A view that costs O(log n) to make and to begin with.</summary>
    private SortedSet<MemoryIndexPlace> Between(MemoryIndexPlace low, MemoryIndexPlace high) =>
        MemoryIndexPlace.Order.Compare(low, high) > 0 ? [] : _byKey.GetViewBetween(low, high);
}
