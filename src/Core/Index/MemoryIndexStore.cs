namespace ZarrCache;

/// <summary>The rows of one store, sorted by key and, each retention and kind by itself, by priority. Guarded by the index's lock.</summary>
internal sealed class MemoryIndexStore(string storeId)
{
    private readonly SortedSet<MemoryIndexPlace> _byKey = new(MemoryIndexPlace.Order);

    // one order for each kind and retention: a pop never walks over rows that it does not want, or must not take
    private readonly SortedSet<MemoryIndexRow>?[,] _byPriority = new SortedSet<MemoryIndexRow>?[3, 3];

    public string StoreId { get; } = storeId;

    public IndexTotals Totals { get; private set; }

    /// <summary>The rows of a retention and kind in the order in which they are popped; null if there never was one.</summary>
    public SortedSet<MemoryIndexRow>? ByPriority(Retention retention, EntryKind kind) => _byPriority[(int)retention, (int)kind];

    public void Add(MemoryIndexRow row)
    {
        _byKey.Add(row);
        OrderOf(row).Add(row);
        Totals += IndexTotals.Of(row.Entry);
    }

    public void Remove(MemoryIndexRow row)
    {
        _byKey.Remove(row);
        OrderOf(row).Remove(row);
        Totals -= IndexTotals.Of(row.Entry);
    }

    /// <summary>Gives a row another place in the policy's order. O(log n).</summary>
    public void Rank(MemoryIndexRow row, double priority)
    {
        SortedSet<MemoryIndexRow> order = OrderOf(row);
        order.Remove(row);
        row.Rank = (priority, row.Rank.Pushed);
        order.Add(row);
    }

    /// <summary>Gives a row another retention. O(log n).</summary>
    public void Retain(MemoryIndexRow row, Retention retention)
    {
        OrderOf(row).Remove(row);
        row.Entry = row.Entry with { Retention = retention };
        OrderOf(row).Add(row);
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

    private SortedSet<MemoryIndexRow> OrderOf(MemoryIndexRow row) =>
        _byPriority[(int)row.Entry.Retention, (int)row.Entry.Kind] ??= new(MemoryIndexRow.PriorityOrder);

    /// <summary>A view that costs O(log n) to make and to begin with.</summary>
    private SortedSet<MemoryIndexPlace> Between(MemoryIndexPlace low, MemoryIndexPlace high) =>
        MemoryIndexPlace.Order.Compare(low, high) > 0 ? [] : _byKey.GetViewBetween(low, high);
}
