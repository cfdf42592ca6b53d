namespace ZarrCache.Index.Redis;

/// <summary>
/// The entries that a pop takes, one after the other, as the policy says. Nothing is changed meanwhile: those that the policy keeps wait
/// for their new turn in memory, until <see cref="WriteKeptAsync"/>. Not thread-safe.
/// </summary>
internal sealed class Victims(IndexContext context, PopRequest request)
{
    private readonly PriorityQueue<Candidate, PriorityPosition> _kept = new();

    /// <summary>What the policy keeps, with its new priority, as long as it was not taken.</summary>
    private readonly Dictionary<EntryKey, (StoreKeys Store, Row Row, IndexEntry Changed)> _ranked = [];

    private readonly HashSet<EntryKey> _keptOnce = [];
    private readonly HashSet<(string, Retention, EntryKind)> _closed = [];
    private readonly Dictionary<string, IndexTotals> _left = new(StringComparer.Ordinal);
    private OrderMerge<PriorityPosition>? _merge;
    private Retention _retention;

    /// <summary>Looks at the index as it is now; what was kept once is not kept again.</summary>
    public void Begin()
    {
        _merge = null;
        _retention = Retention.Evictable;
        _kept.Clear();
        _closed.Clear();
        _left.Clear();
    }

    /// <summary>The next to go; null if there is none. Whoever asks for the next has taken the one before.</summary>
    public async ValueTask<Candidate?> NextAsync(CancellationToken ct)
    {
        for (; _retention < Retention.Pinned; _retention++, _merge = null)
        {
            _merge ??= new OrderMerge<PriorityPosition>(await FindOrdersAsync(ct).ConfigureAwait(false), PriorityPosition.Of, Comparer<PriorityPosition>.Default, FirstPage());
            while (await TakeAsync(ct).ConfigureAwait(false) is { } candidate)
            {
                if (await OfferAsync(candidate, ct).ConfigureAwait(false))
                {
                    return candidate;
                }
            }
        }

        return null;
    }

    /// <summary>The candidate goes: it counts no longer for what its store keeps.</summary>
    public void Taken(Candidate candidate)
    {
        _ranked.Remove(candidate.Entry.EntryKey);
        if (_left.TryGetValue(candidate.Entry.StoreId, out IndexTotals left))
        {
            _left[candidate.Entry.StoreId] = left - IndexTotals.Of(candidate.Entry);
        }
    }

    /// <summary>Gives those that were kept, and were not taken after all, their new priorities, unless somebody else has changed them.</summary>
    public async ValueTask WriteKeptAsync(CancellationToken ct)
    {
        foreach (var store in _ranked.Values.GroupBy(kept => kept.Store))
        {
            await context.Changes.ReplaceAsync(store.Key, [.. store.Select(kept => (kept.Row, kept.Changed))], ct).ConfigureAwait(false);
        }

        context.Remembered.Forget([.. _ranked.Keys], all: false);
        _ranked.Clear();
    }

    /// <summary>The first of the order and of those that were kept.</summary>
    private async ValueTask<Candidate?> TakeAsync(CancellationToken ct)
    {
        (Row Row, StoreKeys Store, PriorityPosition Position)? first = await _merge!.PeekAsync(ct).ConfigureAwait(false);
        if (_kept.TryPeek(out Candidate? kept, out PriorityPosition turn) && (first is null || turn.CompareTo(first.Value.Position) < 0))
        {
            return _kept.Dequeue();
        }

        if (first is null)
        {
            return null;
        }

        await _merge.TakeAsync(ct).ConfigureAwait(false);
        return new Candidate(first.Value.Store, first.Value.Row, first.Value.Row.Entry);
    }

    /// <summary>Whether an entry goes, and not stays for its store's sake or by the policy's will.</summary>
    private async ValueTask<bool> OfferAsync(Candidate candidate, CancellationToken ct)
    {
        IndexEntry entry = candidate.Entry;
        if (_closed.Contains((entry.StoreId, entry.Retention, entry.Kind)))
        {
            return false;
        }

        if (request.Minima?.ContainsKey(entry.StoreId) == true)
        {
            if (!_left.TryGetValue(entry.StoreId, out IndexTotals left))
            {
                _left.Add(entry.StoreId, left = await IndexReads.GetTotalsAsync(context, entry.StoreId, ct).ConfigureAwait(false));
            }

            if (!request.Allows(left, entry))
            {
                _closed.Add((entry.StoreId, entry.Retention, entry.Kind));
                return false;
            }
        }

        double? priority = context.Policy.Ask(policy => Priorities.OnPop(policy, entry, context.Clock.Value));
        if (priority is null || _keptOnce.Count >= EvictionPolicy.MaxKept || !_keptOnce.Add(entry.EntryKey))
        {
            return true;
        }

        IndexEntry changed = entry with { Priority = priority.Value, Referenced = false };
        _ranked[entry.EntryKey] = (candidate.Store, candidate.Row, changed);
        _kept.Enqueue(candidate with { Entry = changed }, new PriorityPosition(priority.Value, candidate.Row.Pushed));
        return false;
    }

    private int FirstPage() => (int)Math.Clamp(request.Count, 16, 1000);

    private async ValueTask<IReadOnlyList<OrderPages>> FindOrdersAsync(CancellationToken ct)
    {
        IReadOnlyList<string> stores = request.StoreId is { } only ? [only] : await IndexReads.ListStoresAsync(context, ct).ConfigureAwait(false);
        return IndexReads.Orders(context, stores, [_retention], request.Kind, descending: false);
    }
}

/// <summary>An entry that a pop may take.</summary>
/// <param name="Store">Its store.</param>
/// <param name="Row">As it was read.</param>
/// <param name="Entry">With the priority that it was kept with.</param>
internal sealed record Candidate(StoreKeys Store, Row Row, IndexEntry Entry);
