namespace ZarrCache.Index.Sqlite;

/// <summary>
/// The entries that a pop takes, one after the other, as the policy says. The rows are read in one pass and not changed
/// meanwhile: those that the policy keeps wait for their new turn in memory, until <see cref="WriteKept"/>.
/// </summary>
internal sealed class Victims
{
    private readonly WriteTransaction _transaction;
    private readonly PopRequest _request;
    private readonly PriorityMerge _order;
    private readonly PriorityQueue<PlacedEntry, PriorityMerge.Position> _kept = new();
    private readonly HashSet<long> _keptOnce = [];
    private readonly Dictionary<long, IndexTotals> _left = [];

    public Victims(WriteTransaction transaction, PopRequest request)
    {
        _transaction = transaction;
        _request = request;
        _order = new PriorityMerge(transaction.Connection, FindStores(), request.Kind, descending: false, Retention.Metadata);
    }

    /// <summary>Whoever asks for the next has taken the one before. Lazy: who stops early has read no more than one row too many.</summary>
    public IEnumerable<PlacedEntry> Take()
    {
        foreach (PlacedEntry row in _order.Read(_order.Start))
        {
            while (_kept.TryPeek(out PlacedEntry kept, out PriorityMerge.Position turn) && turn.CompareTo(PriorityMerge.Position.Of(row)) < 0)
            {
                _kept.Dequeue();
                if (Offer(kept))
                {
                    yield return Taken(kept);
                }
            }

            if (!_order.IsClosed(row) && Offer(row))
            {
                yield return Taken(row);
            }
        }

        while (_kept.TryDequeue(out PlacedEntry kept, out _))
        {
            if (Offer(kept))
            {
                yield return Taken(kept);
            }
        }
    }

    /// <summary>Gives those that were kept, and were not taken after all, their new priorities.</summary>
    public void WriteKept()
    {
        foreach ((PlacedEntry row, _) in _kept.UnorderedItems)
        {
            Reorder(row);
        }
    }

    /// <summary>Leaves one where it is that was given by <see cref="Take"/>; if it was kept before, with its new priority.</summary>
    public void Leave(PlacedEntry row)
    {
        if (_keptOnce.Contains(row.Id))
        {
            Reorder(row);
        }
    }

    /// <summary>Whether an entry goes, and not stays for its store's sake or by the policy's will.</summary>
    private bool Offer(PlacedEntry row)
    {
        if (_order.IsClosed(row) || !IsAllowed(row))
        {
            _order.Close(row);
            Leave(row); // changes the index that is being read, in a range that gives no more
            return false;
        }

        double? priority = Priorities.OnPop(_transaction.Policy, row.Entry, _transaction.Clock);
        if (priority is null || _keptOnce.Count >= EvictionPolicy.MaxKept || !_keptOnce.Add(row.Id))
        {
            return true;
        }

        PlacedEntry kept = row with { Entry = row.Entry with { Priority = priority.Value, Referenced = false } };
        _kept.Enqueue(kept, PriorityMerge.Position.Of(kept));
        return false;
    }

    private bool IsAllowed(PlacedEntry row)
    {
        if (_request.Minima?.ContainsKey(row.Entry.StoreId) != true)
        {
            return true;
        }

        if (!_left.TryGetValue(row.Store, out IndexTotals left))
        {
            _left.Add(row.Store, left = _transaction.TotalsOf(row.Store));
        }

        return _request.Allows(left, row.Entry);
    }

    private PlacedEntry Taken(PlacedEntry row)
    {
        if (_left.TryGetValue(row.Store, out IndexTotals left))
        {
            _left[row.Store] = left - IndexTotals.Of(row.Entry);
        }

        return row;
    }

    private void Reorder(PlacedEntry row)
    {
        _transaction.Entries.Reorder(row.Id, row.Entry.Priority);
        _transaction.Touch(row.Entry.EntryKey);
    }

    private IReadOnlyList<(long Id, string Name)> FindStores()
    {
        if (_request.StoreId is not { } storeId)
        {
            return StoreNames.QueryAll(_transaction.Connection);
        }

        return _transaction.FindStore(storeId) is { } store ? [(store, storeId)] : [];
    }
}
