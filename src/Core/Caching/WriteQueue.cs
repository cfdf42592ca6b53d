using System.Runtime.InteropServices;
using System.Threading.Channels;
using System.Threading.RateLimiting;

namespace ZarrCache;

/// <summary>
/// What waits to be written: bounded in bytes, begun in the order of arrival, several at once, and visible to readers
/// until it is done. A later item of a place supersedes an earlier one that was not yet begun; a value or an absence all of
/// its key, a part those that it overlaps.
/// </summary>
internal sealed class WriteQueue : IAsyncDisposable
{
    /// <summary>The unit in which room is handed out; an item without bytes takes one.</summary>
    private const int RoomUnit = 4096;

    private readonly Func<PendingWrite, Task<bool>> _prepare;
    private readonly Func<PendingWrite, Task> _write;
    private readonly ConcurrencyLimiter _room;
    private readonly int _roomUnits;
    private readonly SemaphoreSlim _writers;
    private readonly int _concurrency;
    private readonly Channel<PendingWrite> _order = Channel.CreateUnbounded<PendingWrite>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _dispatch;

    /// <summary>Guards the three collections below; never held across a call out.</summary>
    private readonly Lock _lock = new();

    private readonly Dictionary<(string StoreId, string Key), List<PendingWrite>> _pending = [];
    private readonly HashSet<PendingWrite> _running = [];
    private readonly List<(string StoreId, string Prefix)> _closed = [];
    private long _closings;
    private int _evictions;
    private TaskCompletionSource? _evicted;
    private int _count;
    private long _bytes;

    /// <param name="capacity">Bytes.</param>
    /// <param name="concurrency">How many items are written at once.</param>
    /// <param name="prepare">Called for each item in turn, never twice at once, before it is written: false gives it up. Throws nothing.</param>
    /// <param name="write">Writes one item. Throws nothing.</param>
    public WriteQueue(long capacity, int concurrency, Func<PendingWrite, Task<bool>> prepare, Func<PendingWrite, Task> write)
    {
        _roomUnits = (int)Math.Clamp(capacity / RoomUnit, 1, int.MaxValue);
        _room = new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = _roomUnits, QueueLimit = int.MaxValue });
        _concurrency = concurrency;
        _writers = new SemaphoreSlim(concurrency, concurrency);
        _prepare = prepare;
        _write = write;
        _dispatch = Task.Run(DispatchAsync);
    }

    /// <summary>The bytes that wait or are being written.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>
    /// Takes an item in, at the end; becomes a holder of its bytes. An item larger than the whole queue is taken when
    /// nothing else is in it.
    /// </summary>
    /// <returns>False if there is no room and <paramref name="wait"/> is false.</returns>
    public async ValueTask<bool> EnqueueAsync(IndexEntry entry, SharedBuffer? bytes, bool wait, CancellationToken ct)
    {
        int units = (int)Math.Min(_roomUnits, 1 + (entry.Size / RoomUnit));
        RateLimitLease room = _room.AttemptAcquire(units);
        if (!room.IsAcquired && wait)
        {
            room = await _room.AcquireAsync(units, ct).ConfigureAwait(false);
        }

        if (!room.IsAcquired)
        {
            return false;
        }

        var item = new PendingWrite(entry, bytes?.Hold(), room);
        lock (_lock)
        {
            ref List<PendingWrite>? place = ref CollectionsMarshal.GetValueRefOrAddDefault(_pending, (entry.StoreId, entry.Key), out _);
            place ??= new List<PendingWrite>(1);
            if (entry.Kind != EntryKind.Part)
            {
                _count -= place.Count;
                place.Clear();
            }
            else
            {
                _count -= place.RemoveAll(other => other.Entry.Kind == EntryKind.Part && other.Entry.Offset < entry.Offset + entry.Size && other.Entry.Offset + other.Entry.Size > entry.Offset);
            }

            place.Add(item);
            _count++;
            Interlocked.Add(ref _bytes, entry.Size);
        }

        if (!_order.Writer.TryWrite(item))
        {
            Forget(item);
            Finish(item);
            throw new ObjectDisposedException(nameof(WriteQueue));
        }

        return true;
    }

    /// <summary>The item that waits for a place, its bytes held for the caller; null if there is none.</summary>
    public PendingWrite? FindAndHold(EntryKey key)
    {
        if (Volatile.Read(ref _count) == 0)
        {
            return null;
        }

        lock (_lock)
        {
            PendingWrite? item = _pending.GetValueOrDefault((key.StoreId, key.Key))?.Find(item => item.Entry.EntryKey == key);
            item?.Bytes?.Hold();
            return item;
        }
    }

    /// <summary>The parts of a key that wait.</summary>
    public IReadOnlyList<IndexEntry> FindParts(string storeId, string key)
    {
        if (Volatile.Read(ref _count) == 0)
        {
            return [];
        }

        lock (_lock)
        {
            return _pending.TryGetValue((storeId, key), out List<PendingWrite>? items)
                ? [.. items.Select(item => item.Entry).Where(entry => entry.Kind == EntryKind.Part)]
                : [];
        }
    }

    /// <summary>Completes when what waits for a key by now is written or given up; null if nothing does.</summary>
    public Task? WhenWritten(string storeId, string key)
    {
        lock (_lock)
        {
            return _pending.TryGetValue((storeId, key), out List<PendingWrite>? items) ? Task.WhenAll(items.Select(item => item.Done)) : null;
        }
    }

    /// <summary>Forgets what waits for a key. What is being written goes on, holding the key's gate.</summary>
    /// <returns>Whether anything waited.</returns>
    public bool Withdraw(string storeId, string key)
    {
        lock (_lock)
        {
            if (!_pending.Remove((storeId, key), out List<PendingWrite>? items))
            {
                return false;
            }

            _count -= items.Count;
            return true;
        }
    }

    /// <summary>
    /// Forgets what waits for the keys of a prefix, and waits for what is being written there. Until <see cref="OpenPrefix"/>
    /// nothing more is written there: a file between the deletion of the rows and that of the files would lose its bytes.
    /// </summary>
    /// <returns>What was forgotten; what was written before it could be is the index's to count.</returns>
    public async Task<IndexTotals> ClosePrefixAsync(string storeId, string prefix)
    {
        var withdrawn = new List<PendingWrite>();
        Task[] running;
        lock (_lock)
        {
            _closed.Add((storeId, prefix));
            _closings++;
            foreach ((string StoreId, string Key) key in _pending.Keys.Where(key => key.StoreId == storeId && key.Key.StartsWith(prefix, StringComparison.Ordinal)).ToList())
            {
                _pending.Remove(key, out List<PendingWrite>? items);
                _count -= items!.Count;
                withdrawn.AddRange(items);
            }

            running = [.. _running.Where(item => item.Entry.StoreId == storeId && item.Entry.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(item => item.Done)];
        }

        await Task.WhenAll(running).ConfigureAwait(false);
        return withdrawn.Where(item => !item.Written).Aggregate(default(IndexTotals), (sum, item) => sum + IndexTotals.Of(item.Entry));
    }

    /// <summary>
    /// For whoever brings rows into the index without the queue: how often a prefix was closed, or an eviction begun, up to now, to be compared
    /// afterwards, for what was looked at may have been removed in between; null while the key lies below a closed prefix, or an eviction is under way.
    /// </summary>
    public long? GetClosings(string storeId, string key)
    {
        lock (_lock)
        {
            return _evictions > 0 || IsClosed(storeId, key) ? null : _closings;
        }
    }

    /// <summary>Rows are given up from now on, and their files after them.</summary>
    public void BeginEviction()
    {
        lock (_lock)
        {
            if (_evictions++ == 0)
            {
                _evicted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            _closings++;
        }
    }

    /// <summary>And now both are gone.</summary>
    public void EndEviction()
    {
        lock (_lock)
        {
            if (--_evictions == 0)
            {
                _evicted!.SetResult();
            }
        }
    }

    /// <summary>Completes when no eviction is under way that is now. Not to be waited for with the gate of a key held, which the eviction may need.</summary>
    public Task WhenEvicted()
    {
        lock (_lock)
        {
            return _evicted?.Task ?? Task.CompletedTask;
        }
    }

    /// <summary>What is put from now on for the keys of a prefix is written again.</summary>
    public void OpenPrefix(string storeId, string prefix)
    {
        lock (_lock)
        {
            _closed.Remove((storeId, prefix));
        }
    }

    /// <summary>Whether an item was neither withdrawn nor superseded, nor lies below a closed prefix: to be asked with the key's gate held.</summary>
    public bool IsCurrent(PendingWrite item)
    {
        lock (_lock)
        {
            return !IsClosed(item.Entry.StoreId, item.Entry.Key)
                && _pending.GetValueOrDefault((item.Entry.StoreId, item.Entry.Key))?.Contains(item) == true;
        }
    }

    /// <summary>Waits until one of the items that are being written is done; for the item that is being prepared.</summary>
    /// <returns>False if there is no other.</returns>
    public async Task<bool> WhenOneEndsAsync(PendingWrite preparing)
    {
        Task[] others;
        lock (_lock)
        {
            others = [.. _running.Where(item => item != preparing).Select(item => item.Done)];
        }

        if (others.Length == 0)
        {
            return false;
        }

        await Task.WhenAny(others).ConfigureAwait(false);
        return true;
    }

    /// <summary>Completes when all that is in the queue now has left it; of one store, or of all (null).</summary>
    public Task WhenDrainedAsync(string? storeId, CancellationToken ct)
    {
        Task[] tasks;
        lock (_lock)
        {
            tasks = [.. _pending.Values.SelectMany(items => items).Concat(_running).Where(item => storeId is null || item.Entry.StoreId == storeId).Select(item => item.Done)];
        }

        return Task.WhenAll(tasks).WaitAsync(ct);
    }

    /// <summary>Writes what waits, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _order.Writer.TryComplete();
        await _dispatch.ConfigureAwait(false);
        for (int i = 0; i < _concurrency; i++)
        {
            await _writers.WaitAsync().ConfigureAwait(false);
        }

        _writers.Dispose();
        await _room.DisposeAsync().ConfigureAwait(false);
    }

    private async Task DispatchAsync()
    {
        await foreach (PendingWrite item in _order.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            if (!IsCurrent(item))
            {
                Forget(item);
                Finish(item);
                continue;
            }

            await _writers.WaitAsync().ConfigureAwait(false);
            lock (_lock)
            {
                _running.Add(item);
            }

            if (await _prepare(item).ConfigureAwait(false))
            {
                _ = Task.Run(() => RunAsync(item));
            }
            else
            {
                End(item);
            }
        }
    }

    private async Task RunAsync(PendingWrite item)
    {
        try
        {
            await _write(item).ConfigureAwait(false);
        }
        finally
        {
            End(item);
        }
    }

    private void End(PendingWrite item)
    {
        Forget(item);
        lock (_lock)
        {
            _running.Remove(item);
        }

        Finish(item);
        _writers.Release();
    }

    /// <summary>To be asked with the lock held.</summary>
    private bool IsClosed(string storeId, string key) => _closed.Exists(place => place.StoreId == storeId && key.StartsWith(place.Prefix, StringComparison.Ordinal));

    private void Forget(PendingWrite item)
    {
        lock (_lock)
        {
            var key = (item.Entry.StoreId, item.Entry.Key);
            if (_pending.TryGetValue(key, out List<PendingWrite>? items) && items.Remove(item))
            {
                _count--;
                if (items.Count == 0)
                {
                    _pending.Remove(key);
                }
            }
        }
    }

    private void Finish(PendingWrite item)
    {
        Interlocked.Add(ref _bytes, -item.Entry.Size);
        item.Complete();
    }
}
