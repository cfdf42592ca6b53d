namespace ZarrCache.Conformance;

/// <summary>
/// What an index is to hold after any history: the plainest program that says so, one list that is looked through each
/// time. The policy is asked as the contract of <see cref="EvictionPolicy"/> has it.
/// </summary>
internal sealed class StoreIndexModel(EvictionPolicy policy)
{
    private readonly EvictionPolicy _policy = policy.ForIndex();
    private readonly List<Row> _rows = [];
    private readonly List<Pin> _pins = [];
    private long _clock;

    public IEnumerable<IndexEntry> Entries => _rows.Select(row => row.Entry);

    public IEnumerable<Pin> Pins => _pins;

    public IEnumerable<IndexEntry> InOrder() => Ordered(_rows).Select(row => row.Entry);

    public IndexEntry? Push(IndexEntry entry)
    {
        int place = Find(entry.EntryKey);
        _clock++;
        entry = entry with { AccessClock = _clock, Retention = RetentionOf(entry) };
        entry = entry with { Priority = _policy.OnPush(entry, _clock) };
        if (place < 0)
        {
            _rows.Add(new Row(entry, _clock));
            return null;
        }

        IndexEntry replaced = _rows[place].Entry;
        _rows[place] = _rows[place] with { Entry = entry };
        return replaced;
    }

    public void Mark(EntryKey key, DateTimeOffset at)
    {
        _clock++;
        Change(key, entry =>
        {
            IndexEntry marked = entry with { LastAccess = at, AccessCount = entry.AccessCount + 1, AccessClock = _clock };
            double priority = _policy.OnMark(marked, _clock);
            return marked with { Priority = priority, Referenced = priority.Equals(entry.Priority) };
        });
    }

    public void Touch(EntryKey key, DateTimeOffset at) => Change(key, entry => entry with { ValidatedAt = at });

    public IndexEntry? Remove(EntryKey key) => RemoveWhere(entry => entry.EntryKey == key).SingleOrDefault();

    public List<IndexEntry> RemoveWhere(Predicate<IndexEntry> condition)
    {
        List<Row> removed = _rows.FindAll(row => condition(row.Entry));
        _rows.RemoveAll(removed.Contains);
        return [.. removed.Select(row => row.Entry)];
    }

    public List<IndexEntry> Pop(PopRequest request)
    {
        var popped = new List<IndexEntry>();
        var kept = new HashSet<EntryKey>();
        var closed = new HashSet<(string, Retention, EntryKind)>();
        while ((popped.Sum(entry => entry.AllocatedSize) < request.Bytes || popped.Count < request.Count)
            && NextVictim(request, kept, closed) is { } victim)
        {
            _policy.OnEvict(victim, _clock);
            Remove(victim.EntryKey);
            popped.Add(victim);
        }

        return popped;
    }

    public bool Admits(IndexEntry candidate, PopRequest request) =>
        _policy.AdmitsAll
        || RetentionOf(candidate) != Retention.Evictable
        || NextVictim(request, [], []) is not { Retention: Retention.Evictable } victim
        || _policy.Admits(candidate, victim, _clock);

    public void SetPin(Pin pin, bool pinned)
    {
        _pins.Remove(pin);
        if (pinned)
        {
            _pins.Add(pin);
        }

        for (int i = 0; i < _rows.Count; i++)
        {
            _rows[i] = _rows[i] with { Entry = _rows[i].Entry with { Retention = RetentionOf(_rows[i].Entry) } };
        }
    }

    private IndexEntry? NextVictim(PopRequest request, HashSet<EntryKey> kept, HashSet<(string, Retention, EntryKind)> closed)
    {
        while (true)
        {
            IndexEntry? next = InOrder().FirstOrDefault(entry =>
                entry.Retention != Retention.Pinned
                && (request.StoreId is null || entry.StoreId == request.StoreId)
                && (request.Kind is null || entry.Kind == request.Kind)
                && !closed.Contains((entry.StoreId, entry.Retention, entry.Kind)));
            if (next is null)
            {
                return null;
            }

            long stored = Entries.Where(entry => entry.StoreId == next.StoreId).Sum(entry => entry.AllocatedSize);
            if (request.Minima?.TryGetValue(next.StoreId, out long minimum) == true && next.AllocatedSize > 0 && stored - next.AllocatedSize < minimum)
            {
                closed.Add((next.StoreId, next.Retention, next.Kind));
            }
            else if (_policy.OnPop(next, _clock) is { } priority && kept.Add(next.EntryKey))
            {
                Change(next.EntryKey, entry => entry with { Priority = priority, Referenced = false });
            }
            else
            {
                return next;
            }
        }
    }

    private Retention RetentionOf(IndexEntry entry) =>
        _pins.Any(pin => pin.StoreId == entry.StoreId && entry.Key.StartsWith(pin.Prefix, StringComparison.Ordinal)) ? Retention.Pinned
        : entry.Key.Split('/')[^1] is "zarr.json" or ".zarray" or ".zattrs" or ".zgroup" or ".zmetadata" ? Retention.Metadata
        : Retention.Evictable;

    private void Change(EntryKey key, Func<IndexEntry, IndexEntry> change)
    {
        if (Find(key) is >= 0 and int place)
        {
            _rows[place] = _rows[place] with { Entry = change(_rows[place].Entry) };
        }
    }

    private static IOrderedEnumerable<Row> Ordered(IEnumerable<Row> rows) =>
        rows.OrderBy(row => row.Entry.Retention).ThenBy(row => row.Entry.Priority).ThenBy(row => row.Pushed);

    private int Find(EntryKey key) => _rows.FindIndex(row => row.Entry.EntryKey == key);

    private sealed record Row(IndexEntry Entry, long Pushed);
}
