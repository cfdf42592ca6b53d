namespace ZarrCache;

/// <summary>
/// The rows that a pop takes, one after the other, for as long as its caller removes each before it asks for the next:
/// the orders of all stores and kinds that the request wants, merged, chunks before metadata documents. Under the index's lock.
/// </summary>
internal ref struct MemoryIndexVictims(IEnumerable<MemoryIndexStore> stores, PopRequest request, EvictionPolicy policy)
{
    private Retention _retention;
    private PriorityQueue<SortedSet<MemoryIndexRow>, (double, long)>? _orders;
    private SortedSet<MemoryIndexRow>? _taken;
    private HashSet<MemoryIndexRow>? _kept;

    /// <summary>The next to go, as the policy says; null if there is none.</summary>
    public MemoryIndexRow? Next(long clock)
    {
        for (; _retention < Retention.Pinned; _retention++, _orders = null)
        {
            _orders ??= FindOrders();
            PutBack();
            while (_orders.TryDequeue(out _taken, out _))
            {
                MemoryIndexRow row = _taken.Min!;
                if (!request.Allows(row.Store.Totals, row.Entry))
                {
                    _taken = null;
                    continue;
                }

                if (Priorities.OnPop(policy, row.Snapshot(), clock) is not { } priority || !Keep(row))
                {
                    return row;
                }

                row.Entry = row.Entry with { Referenced = false };
                row.Store.Rank(row, priority);
                PutBack();
            }
        }

        return null;
    }

    private bool Keep(MemoryIndexRow row) => (_kept ??= []).Count < EvictionPolicy.MaxKept && _kept.Add(row);

    /// <summary>The order that was drawn from last takes its new place among the others.</summary>
    private void PutBack()
    {
        if (_taken?.Min is { } next)
        {
            _orders!.Enqueue(_taken, next.Rank);
        }

        _taken = null;
    }

    private readonly PriorityQueue<SortedSet<MemoryIndexRow>, (double, long)> FindOrders()
    {
        var orders = new PriorityQueue<SortedSet<MemoryIndexRow>, (double, long)>();
        foreach (MemoryIndexStore store in stores)
        {
            for (EntryKind kind = EntryKind.Value; kind <= EntryKind.Absent; kind++)
            {
                if ((request.StoreId ?? store.StoreId) == store.StoreId
                    && (request.Kind ?? kind) == kind
                    && store.ByPriority(_retention, kind) is { Min: { } first } order)
                {
                    orders.Enqueue(order, first.Rank);
                }
            }
        }

        return orders;
    }
}
