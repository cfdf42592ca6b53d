namespace ZarrCache.Index.Faster;

/// <summary>What a window selects.</summary>
/// <param name="Store">Only entries of this store; null for all.</param>
/// <param name="Kind">Only entries of this kind; null for all.</param>
/// <param name="Retention">Only entries that go in this turn.</param>
internal readonly record struct WindowKey(int? Store, EntryKind? Kind, Retention Retention);

/// <summary>
/// The first entries of the log that a pop may take, by priority: at most so many as there is room for. Before <see cref="_cursor"/> there
/// is none that is not in here. Under the lock of the evictions.
/// </summary>
/// <remarks>
/// <para>
/// A log keeps entries in the order in which they were written, which is nearly that of their priorities under policies that rank by
/// the clock, and says nothing under others. So victims are the smallest of a window at the head of the log. When half of it
/// is gone it is filled up; what was in it before and is worth more than the median of what has come is moved to the end of the
/// log: it is better than what follows, and would take up the window for good. As long as the window holds all
/// there is, which it does up to 4,096 entries by default, the order is exact.
/// </para>
/// <para>
/// Where later pushes go first the victims lie at the end, so there the window keeps the smallest of the whole log, which is
/// scanned for each 4,096 pops, and what is pushed meanwhile is added.
/// </para>
/// </remarks>
internal sealed class VictimWindow(WindowKey selects, int size, LogStore log, IndexState state, EntryRecords records, Action<Candidate> moveToEnd)
{
    private readonly PriorityQueue<Candidate, Rank> _queue = new();
    private readonly Dictionary<long, Candidate> _byAddress = [];
    private long _cursor;

    /// <summary>Whether there are entries that are not in the window.</summary>
    private bool _more;

    public WindowKey Selects => selects;

    /// <summary>Takes the next by priority out of the window; null if there is none.</summary>
    public Candidate? Next(CancellationToken ct)
    {
        Fill(ct);
        if (!_queue.TryDequeue(out Candidate? next, out _))
        {
            return null;
        }

        _byAddress.Remove(next.Address);
        return next;
    }

    public void Add(Candidate candidate)
    {
        if (_byAddress.TryAdd(candidate.Address, candidate))
        {
            _queue.Enqueue(candidate, candidate.Rank);
        }
    }

    /// <summary>A record was copied to another place: if it is in here, it goes in its turn all the same.</summary>
    public void Moved(long from, long to)
    {
        if (_byAddress.TryGetValue(from, out Candidate? candidate))
        {
            Add(candidate.At(to)); // the one in its old place is passed over
        }
    }

    private void Fill(CancellationToken ct)
    {
        if (state.NewestFirst)
        {
            FillFromAll(ct);
        }
        else if (_queue.Count <= size / 2 || !_more)
        {
            FillFromHead(ct);
        }
    }

    private void FillFromHead(CancellationToken ct)
    {
        if (_queue.Count >= size || _cursor >= log.Log.TailAddress)
        {
            return;
        }

        Candidate[] before = _more ? [.. _queue.UnorderedItems.Select(item => item.Element)] : [];
        var come = new List<double>();
        long whole = log.WholeUntil();
        while (_queue.Count < size && _cursor < whole)
        {
            foreach (Candidate candidate in Scan(whole, size - _queue.Count, ct))
            {
                come.Add(candidate.Rank.Priority);
                Add(candidate);
            }
        }

        _more = _cursor < whole;
        if (_more && before.Length > 0 && come.Count > size / 4)
        {
            come.Sort();
            MoveBetterThan(come[come.Count / 2], before);
        }
    }

    /// <summary>What is worth more than half of what follows it in the log has no place at its head.</summary>
    private void MoveBetterThan(double priority, Candidate[] before)
    {
        var moved = before.Where(candidate => candidate.Rank.Priority > priority).ToHashSet();
        if (moved.Count == 0)
        {
            return;
        }

        (Candidate, Rank)[] rest = [.. _queue.UnorderedItems.Where(item => !moved.Contains(item.Element))];
        _queue.Clear();
        _queue.EnqueueRange(rest);
        foreach (Candidate candidate in moved)
        {
            _byAddress.Remove(candidate.Address);
            moveToEnd(candidate);
        }
    }

    private void FillFromAll(CancellationToken ct)
    {
        if (_queue.Count == 0 && _more)
        {
            (_cursor, _more) = (0, false);
        }

        if (_cursor >= log.Log.TailAddress)
        {
            return;
        }

        long whole = log.WholeUntil();
        while (_cursor < whole)
        {
            Scan(whole, size, ct).ForEach(Add);
            if (_queue.Count > size)
            {
                KeepSmallest();
            }
        }
    }

    private void KeepSmallest()
    {
        (Candidate Element, Rank Priority)[] smallest = [.. _queue.UnorderedItems.OrderBy(item => item.Priority).Take(size)];
        _more = true;
        _queue.Clear();
        _byAddress.Clear();
        foreach ((Candidate candidate, _) in smallest)
        {
            Add(candidate);
        }
    }

    /// <summary>Goes on through the log to the end of a page, or until it has met so many candidates.</summary>
    private List<Candidate> Scan(long whole, int atMost, CancellationToken ct)
    {
        var found = new List<Candidate>(Math.Min(atMost, size));
        long head = log.Log.HeadAddress;
        _cursor = log.Scan(
            _cursor,
            Math.Min(whole, log.PageEnd(_cursor)),
            (address, key, value) =>
            {
                // Of those in memory FASTER marks the dead ones, nearly all, and the others are noticed when their turn comes.
                if (IsSelected(key, value) && (address >= head || IsNewest(key, address)))
                {
                    found.Add(new Candidate(address, key.ToArray(), Rank.Of(value)) { Final = address < head ? value.ToArray() : null });
                }

                return found.Count < atMost;
            },
            ct);
        return found;
    }

    private bool IsSelected(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        RecordKey.IsEntry(key)
        && (selects.Store is null || selects.Store == RecordKey.StoreOf(key))
        && (selects.Kind is null || selects.Kind == EntryLayout.KindOf(value))
        && records.RetentionOf(key) == selects.Retention;

    private bool IsNewest(ReadOnlySpan<byte> key, long address)
    {
        using KeyScope scope = log.Enter(RecordKey.PrefixOf(key));
        return scope.Session.IsNewest(key, address);
    }
}
