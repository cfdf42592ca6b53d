using System.Runtime.CompilerServices;

namespace ZarrCache;

/// <summary>
/// An index in the memory of one process: exact, and gone with the process. For tests, for caches of cheap bytes, and as
/// the yardstick of the others. Find is O(1); push, mark, delete and pop are O(log n) for each entry, whatever store or
/// kind is asked for, and a pop of all stores O(stores) besides; totals are O(1). About 400 bytes of heap for an entry,
/// texts apart.
/// </summary>
public sealed class MemoryStoreIndex : IStoreIndex
{
    private const int PageSize = 256;

    private readonly EvictionPolicy _policy;

    // Guards every field below and the rows. A plain lock is right here: nothing under it does I/O, awaits or calls back,
    // save the policy's arithmetic, and the longest hold is a prefix delete's, by the entries that it deletes.
    private readonly Lock _lock = new();
    private readonly Dictionary<EntryKey, MemoryIndexRow> _rows = [];
    private readonly Dictionary<string, MemoryIndexStore> _stores = new(StringComparer.Ordinal);
    private readonly PinSet _pins = new();
    private IndexTotals _totals;
    private long _clock;
    private bool _disposed;

    /// <summary>An empty index.</summary>
    /// <param name="policy">Which entries are popped first; null is <see cref="EvictionPolicy.Lru"/>.</param>
    public MemoryStoreIndex(EvictionPolicy? policy = null) => _policy = (policy ?? EvictionPolicy.Lru).ForIndex();

    /// <summary>Always <see cref="IndexCondition.Created"/>: it knows nothing of what a storage may hold already.</summary>
    public IndexCondition Condition => IndexCondition.Created;

    /// <summary>Does nothing: nobody opens it again.</summary>
    public ValueTask ConfirmSweptAsync(CancellationToken ct) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask<IndexEntry?> FindAsync(EntryKey key, CancellationToken ct)
    {
        using (Enter(ct))
        {
            return new(_rows.TryGetValue(key, out MemoryIndexRow? row) ? row.Entry : null);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<IndexEntry>> FindPartsAsync(string storeId, string key, long offset, long length, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(storeId);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        long end = length > long.MaxValue - offset ? long.MaxValue : offset + length;
        using (Enter(ct))
        {
            return new(length > 0 && _stores.TryGetValue(storeId, out MemoryIndexStore? store)
                ? store.Parts(key, offset, end).Select(row => row.Snapshot()).ToArray()
                : []);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IndexEntry?> PushAsync(IndexEntry entry, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(entry);
        using (Enter(ct))
        {
            return new(Push(entry));
        }
    }

    /// <inheritdoc/>
    public ValueTask PushManyAsync(ReadOnlyMemory<IndexEntry> entries, CancellationToken ct)
    {
        using (Enter(ct))
        {
            foreach (IndexEntry entry in entries.Span)
            {
                Push(entry);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<IndexEntry>> PopAsync(PopRequest request, CancellationToken ct)
    {
        request.Validate();
        using (Enter(ct))
        {
            var popped = new List<IndexEntry>();
            var rows = new List<MemoryIndexRow>();
            var victims = new MemoryIndexVictims(_stores.Values, request, _policy);
            try
            {
                for (long bytes = 0; (bytes < request.Bytes || popped.Count < request.Count) && victims.Next(_clock) is { } row;)
                {
                    bytes += row.Entry.AllocatedSize;
                    _policy.OnEvict(row.Snapshot(), _clock);
                    popped.Add(Remove(row));
                    rows.Add(row);
                }
            }
            catch
            {
                rows.ForEach(PutBack); // the policy failed, and nobody hears what was taken
                throw;
            }

            return new(popped);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> AdmitsAsync(IndexEntry entry, PopRequest request, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(entry);
        request.Validate();
        using (Enter(ct))
        {
            return new(_policy.AdmitsAll
                || request is { Bytes: 0, Count: 0 }
                || _pins.RetentionOf(entry.StoreId, entry.Key) != Retention.Evictable
                || new MemoryIndexVictims(_stores.Values, request, _policy).Next(_clock) is not { } victim
                || victim.Entry.Retention != Retention.Evictable
                || _policy.Admits(entry, victim.Snapshot(), _clock));
        }
    }

    /// <inheritdoc/>
    public ValueTask MarkAsync(EntryKey key, DateTimeOffset at, CancellationToken ct)
    {
        using (Enter(ct))
        {
            if (_rows.TryGetValue(key, out MemoryIndexRow? row))
            {
                IndexEntry marked = row.Entry with { LastAccess = at, AccessCount = row.Entry.AccessCount + 1, AccessClock = ++_clock, Priority = row.Rank.Priority };
                double priority = _policy.OnMark(marked, _clock);
                bool stays = priority.Equals(row.Rank.Priority);
                row.Entry = marked.Referenced == stays ? marked : marked with { Referenced = stays };
                if (!stays)
                {
                    row.Store.Rank(row, priority);
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask TouchAsync(EntryKey key, DateTimeOffset validatedAt, CancellationToken ct)
    {
        using (Enter(ct))
        {
            if (_rows.TryGetValue(key, out MemoryIndexRow? row))
            {
                row.Entry = row.Entry with { ValidatedAt = validatedAt };
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<IndexEntry?> DeleteAsync(EntryKey key, long? ifVersion, CancellationToken ct)
    {
        using (Enter(ct))
        {
            return new(_rows.TryGetValue(key, out MemoryIndexRow? row) && (ifVersion ?? row.Entry.Version) == row.Entry.Version
                ? Remove(row)
                : null);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<IndexEntry>> DeleteKeyAsync(string storeId, string key, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(storeId);
        ArgumentNullException.ThrowIfNull(key);
        using (Enter(ct))
        {
            return new(_stores.TryGetValue(storeId, out MemoryIndexStore? store)
                ? Array.ConvertAll(store.OfKey(key).ToArray(), Remove)
                : []);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IndexTotals> DeletePrefixAsync(string storeId, string prefix, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(storeId);
        ZarrKey.ValidatePrefix(prefix);
        using (Enter(ct))
        {
            IndexTotals before = _totals;
            if (_stores.TryGetValue(storeId, out MemoryIndexStore? store))
            {
                foreach (MemoryIndexRow row in store.WithPrefix(prefix).ToArray())
                {
                    Remove(row);
                }
            }

            return new(before - _totals);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IndexTotals> PinAsync(Pin pin, CancellationToken ct)
    {
        pin.Validate();
        using (Enter(ct))
        {
            _pins.Add(pin);
            return new(Retain(pin));
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> UnpinAsync(Pin pin, CancellationToken ct)
    {
        pin.Validate();
        using (Enter(ct))
        {
            bool removed = _pins.Remove(pin);
            if (removed)
            {
                Retain(pin);
            }

            return new(removed);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Pin>> ListPinsAsync(CancellationToken ct)
    {
        using (Enter(ct))
        {
            return new(_pins.ToList());
        }
    }

    /// <inheritdoc/>
    public ValueTask<IndexTotals> GetTotalsAsync(string? storeId, CancellationToken ct)
    {
        using (Enter(ct))
        {
            return new(storeId is null ? _totals : _stores.GetValueOrDefault(storeId)?.Totals ?? default);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> ListStoresAsync(CancellationToken ct)
    {
        using (Enter(ct))
        {
            return new(_stores.Keys.Order(Utf8Order.Comparer).ToArray());
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Unsorted and by key it streams, page by page, and the lock is free between pages. Any other order has no tree of its
    /// own, which would cost every push and mark for a rare question: the answer is collected and sorted, 8 bytes an entry.
    /// </remarks>
    public async IAsyncEnumerable<IndexEntry> EnumerateAsync(IndexQuery query, [EnumeratorCancellation] CancellationToken ct)
    {
        query.Validate();
        IReadOnlyList<string> stores = query.StoreId is { } only ? [only] : await ListStoresAsync(ct).ConfigureAwait(false);
        IEnumerable<IndexEntry> entries = (query.Descending ? stores.Reverse() : stores).SelectMany(store => Pages(store, query, ct));
        entries = query.Order switch
        {
            IndexOrder.LastAccess => Sort(entry => entry.LastAccess),
            IndexOrder.AccessCount => Sort(entry => entry.AccessCount),
            IndexOrder.Size => Sort(entry => entry.Size),
            IndexOrder.LoadDuration => Sort(entry => entry.LoadDuration),
            IndexOrder.Priority => Sort(entry => (entry.Retention, entry.Priority)),
            _ => entries,
        };
        long left = query.Limit ?? long.MaxValue;
        if (left == 0)
        {
            yield break;
        }

        foreach (IndexEntry entry in entries)
        {
            ct.ThrowIfCancellationRequested();
            yield return entry;
            if (--left == 0)
            {
                yield break;
            }
        }

        IEnumerable<IndexEntry> Sort<TBy>(Func<IndexEntry, TBy> by) => query.Descending ? entries.OrderByDescending(by) : entries.OrderBy(by);
    }

    /// <inheritdoc/>
    public ValueTask FlushAsync(CancellationToken ct)
    {
        Enter(ct).Dispose();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _disposed = true;
            _rows.Clear();
            _stores.Clear();
        }

        return ValueTask.CompletedTask;
    }

    private Lock.Scope Enter(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        Lock.Scope scope = _lock.EnterScope();
        if (_disposed)
        {
            scope.Dispose();
            throw new ObjectDisposedException(nameof(MemoryStoreIndex));
        }

        return scope;
    }

    private IndexEntry? Push(IndexEntry entry)
    {
        IndexEntry pushed = entry with { AccessClock = ++_clock, Referenced = false, Retention = _pins.RetentionOf(entry.StoreId, entry.Key) };
        double priority = Priorities.OnPush(_policy, pushed, _clock); // first: if the policy fails, nothing is lost
        IndexEntry? replaced = _rows.TryGetValue(entry.EntryKey, out MemoryIndexRow? old) ? Remove(old) : null;
        if (!_stores.TryGetValue(entry.StoreId, out MemoryIndexStore? store))
        {
            _stores.Add(entry.StoreId, store = new MemoryIndexStore(entry.StoreId));
        }

        // each entry names its store by one text, whoever made it
        var row = new MemoryIndexRow(store, pushed with { StoreId = store.StoreId, Priority = priority }) { Rank = (priority, old?.Rank.Pushed ?? _clock) };
        Add(row);
        return replaced;
    }

    private void Add(MemoryIndexRow row)
    {
        _rows.Add(row.Entry.EntryKey, row);
        row.Store.Add(row);
        _totals += IndexTotals.Of(row.Entry);
    }

    private void PutBack(MemoryIndexRow row)
    {
        _stores.TryAdd(row.Store.StoreId, row.Store); // it went with its last row
        Add(row);
    }

    private IndexEntry Remove(MemoryIndexRow row)
    {
        _rows.Remove(row.Entry.EntryKey);
        row.Store.Remove(row);
        _totals -= IndexTotals.Of(row.Entry);
        if (row.Store.Totals.Count == 0)
        {
            _stores.Remove(row.Store.StoreId);
        }

        return row.Snapshot();
    }

    /// <summary>Gives the rows below a pin, new or removed, the retention that they have now. Returns what they amount to.</summary>
    private IndexTotals Retain(Pin pin)
    {
        IndexTotals sum = default;
        foreach (MemoryIndexRow row in _stores.GetValueOrDefault(pin.StoreId)?.WithPrefix(pin.Prefix) ?? [])
        {
            sum += IndexTotals.Of(row.Entry);
            row.Store.Retain(row, _pins.RetentionOf(pin.StoreId, row.Key));
        }

        return sum;
    }

    /// <summary>The entries of one store by key, read page by page.</summary>
    private IEnumerable<IndexEntry> Pages(string storeId, IndexQuery query, CancellationToken ct)
    {
        MemoryIndexPlace? after = null;
        while (true)
        {
            IndexEntry[] page = Page(storeId, query, ref after, ct);
            foreach (IndexEntry entry in page)
            {
                if (query.Kind is null || query.Kind == entry.Kind)
                {
                    yield return entry;
                }
            }

            if (page.Length < PageSize)
            {
                yield break;
            }
        }
    }

    private IndexEntry[] Page(string storeId, IndexQuery query, ref MemoryIndexPlace? after, CancellationToken ct)
    {
        using (Enter(ct))
        {
            MemoryIndexRow[] rows = _stores.TryGetValue(storeId, out MemoryIndexStore? store)
                ? store.WithPrefix(query.Prefix ?? "", after, query.Descending).Take(PageSize).ToArray()
                : [];
            after = rows.LastOrDefault() is { } last ? new(last.Key, last.Offset) : after;
            return Array.ConvertAll(rows, row => row.Snapshot());
        }
    }
}
