using Microsoft.Extensions.Logging;

namespace ZarrCache;

/// <summary>
/// Keeps the budget: gives up entries until what is to be written fits into MaxSize, into MaxEntries and into the quota of its
/// store, and counts what is being written as if it were there. Room is made for one item at a time; all else is thread-safe.
/// </summary>
internal sealed partial class RoomMaker(
    IStoreIndex index, ChunkStores stores, IndexedCacheStorageOptions options, CacheCounter counters, WriteQueue queue, Func<IndexEntry, ValueTask> erase, ILogger logger)
{
    private readonly ILogger _logger = logger;

    // Guards the two below; held for an addition.
    private readonly Lock _lock = new();

    /// <summary>Bytes that are being written and have no row yet, by store.</summary>
    private readonly Dictionary<string, long> _reserved = new(StringComparer.Ordinal);
    private long _reservedInAll;

    /// <summary>Bytes of files that have no row any more but could not be removed.</summary>
    private long _undeleted;

    private volatile IReadOnlyDictionary<string, StoreQuota> _quotas = options.Quotas;

    /// <summary>The stores whose owner was told that something does not fit; told once, not for each chunk.</summary>
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    /// <summary>The quotas, by store. What is beyond a new one goes when its store writes next.</summary>
    public IReadOnlyDictionary<string, StoreQuota> Quotas
    {
        get => _quotas;
        set => _quotas = value;
    }

    /// <summary>The index failed to say what it gave up, if it did: what it gave up is still there, and counted no more.</summary>
    public event Action? EvictionLost;

    public void AddUndeleted(long bytes) => Interlocked.Add(ref _undeleted, bytes);

    /// <summary>Makes room for an item and reserves it, until <see cref="Release"/>; false if it is not to be written, which is counted.</summary>
    /// <exception cref="ZarrCacheException">The index failed, or files that cannot be removed take up the room.</exception>
    public async ValueTask<bool> MakeAsync(PendingWrite item)
    {
        IndexEntry entry = item.Entry;
        long allocated = stores.GetAllocatedSize(entry);
        StoreQuota quota = _quotas.GetValueOrDefault(entry.StoreId, new StoreQuota());
        if (allocated > Math.Min(options.MaxSize, quota.Maximum))
        {
            counters.AddTooLarge();
            TellOnce(entry.StoreId, () => LogTooLarge(entry.Key, entry.StoreId, allocated, Math.Min(options.MaxSize, quota.Maximum)));
            return false;
        }

        await MakeEntryRoomAsync(entry.StoreId).ConfigureAwait(false);
        bool asked = false;
        while (await FindNeedAsync(entry, allocated, quota).ConfigureAwait(false) is { } need)
        {
            if (!asked && !await AdmitsAsync(entry with { AllocatedSize = allocated }, need).ConfigureAwait(false))
            {
                counters.AddRefused();
                return false;
            }

            asked = true;
            IndexTotals freed = await EvictAsync(need).ConfigureAwait(false);

            // All that could go has gone; what is being written holds the rest, and can go when it is done.
            if (freed.AllocatedBytes == 0 && !await queue.WhenOneEndsAsync(item).ConfigureAwait(false))
            {
                return Decline(entry, allocated);
            }
        }

        Reserve(item, allocated);
        return true;
    }

    /// <summary>The item is written, and counted by its row from now on; or it is not.</summary>
    public void Release(PendingWrite item) => Reserve(item, -item.Reserved);

    /// <summary>What must go first: of the store itself where it is at its maximum, else of any, save what others are guaranteed; null if all fits.</summary>
    private async ValueTask<PopRequest?> FindNeedAsync(IndexEntry entry, long allocated, StoreQuota quota)
    {
        if (allocated == 0)
        {
            return null;
        }

        // What is reserved is read first: a write that ends in between is counted twice, never not at all.
        (long reserved, long inAll) = Reserved(entry.StoreId);
        if (quota.Maximum < options.MaxSize)
        {
            IndexTotals own = await index.GetTotalsAsync(entry.StoreId, CancellationToken.None).ConfigureAwait(false);
            if (own.AllocatedBytes + reserved + allocated - quota.Maximum is > 0 and long beyond)
            {
                return new PopRequest(Bytes: beyond, StoreId: entry.StoreId);
            }
        }

        IndexTotals totals = await index.GetTotalsAsync(null, CancellationToken.None).ConfigureAwait(false);
        long over = totals.AllocatedBytes + inAll + allocated - options.MaxSize;
        if (over <= 0)
        {
            return null;
        }

        // Room for what waits behind it too, so that a busy queue pops in batches.
        long ahead = Math.Clamp(queue.Bytes - entry.Size, 0, options.MaxSize / 16);
        return new PopRequest(Bytes: over + ahead, Minima: MinimaFor(entry.StoreId));
    }

    private async ValueTask<bool> AdmitsAsync(IndexEntry entry, PopRequest need) =>
        await index.AdmitsAsync(entry, need, CancellationToken.None).ConfigureAwait(false)
        && options.Admission?.Invoke(entry, need.Bytes) != false;

    private async ValueTask MakeEntryRoomAsync(string storeId)
    {
        IndexTotals totals = await index.GetTotalsAsync(null, CancellationToken.None).ConfigureAwait(false);
        long over = totals.Count + 1 - options.MaxEntries;
        if (over > 0)
        {
            over -= (await EvictAsync(new PopRequest(Count: over, Kind: EntryKind.Absent)).ConfigureAwait(false)).Count;
        }

        if (over > 0)
        {
            await EvictAsync(new PopRequest(Count: over, Minima: MinimaFor(storeId))).ConfigureAwait(false);
        }
    }

    /// <summary>What the other stores keep; null if nothing.</summary>
    private Dictionary<string, long>? MinimaFor(string storeId)
    {
        Dictionary<string, long>? minima = null;
        foreach ((string other, StoreQuota quota) in _quotas)
        {
            if (quota.Minimum > 0 && other != storeId)
            {
                (minima ??= new(StringComparer.Ordinal)).Add(other, quota.Minimum);
            }
        }

        return minima;
    }

    private async ValueTask<IndexTotals> EvictAsync(PopRequest request)
    {
        IndexTotals freed = default;
        queue.BeginEviction();
        try
        {
            IReadOnlyList<IndexEntry> victims = await index.PopAsync(request, CancellationToken.None).ConfigureAwait(false);
            foreach (IndexEntry victim in victims)
            {
                freed += IndexTotals.Of(victim);
                counters.AddEvicted(victim.AllocatedSize);
            }

            await Parallel.ForEachAsync(
                victims.Where(victim => victim.Kind != EntryKind.Absent),
                new ParallelOptions { MaxDegreeOfParallelism = options.Writers ?? stores.ConcurrentWrites },
                (victim, _) => erase(victim)).ConfigureAwait(false);
            return freed;
        }
        catch (ZarrCacheException)
        {
            EvictionLost?.Invoke();
            throw;
        }
        finally
        {
            queue.EndEviction();
        }
    }

    private bool Decline(IndexEntry entry, long allocated)
    {
        if (Interlocked.Read(ref _undeleted) > 0)
        {
            throw new ZarrCacheException($"Files that could not be removed take up the room for {allocated} bytes.");
        }

        counters.AddNoRoom();
        TellOnce(entry.StoreId, () => LogNoRoom(entry.Key, entry.StoreId, allocated));
        return false;
    }

    private void TellOnce(string storeId, Action tell)
    {
        if (_told.Add(storeId))
        {
            tell();
        }
    }

    private (long Store, long InAll) Reserved(string storeId)
    {
        lock (_lock)
        {
            return (_reserved.GetValueOrDefault(storeId), _reservedInAll + Interlocked.Read(ref _undeleted));
        }
    }

    private void Reserve(PendingWrite item, long bytes)
    {
        lock (_lock)
        {
            long left = _reserved.GetValueOrDefault(item.Entry.StoreId) + bytes;
            if (left == 0)
            {
                _reserved.Remove(item.Entry.StoreId);
            }
            else
            {
                _reserved[item.Entry.StoreId] = left;
            }

            _reservedInAll += bytes;
            item.Reserved += bytes;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "'{Key}' of store '{StoreId}' takes up {Allocated} bytes and its store may have {Limit}: what is so large is not cached. Raise the store's maximum, or the cache's MaxSize.")]
    private partial void LogTooLarge(string key, string storeId, long allocated, long limit);

    [LoggerMessage(Level = LogLevel.Warning, Message = "There is no room for '{Key}' of store '{StoreId}' ({Allocated} bytes): all that could go for it is pinned, or guaranteed to other stores. Unpin something, lower a minimum, or raise MaxSize.")]
    private partial void LogNoRoom(string key, string storeId, long allocated);
}
