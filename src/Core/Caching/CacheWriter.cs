using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ZarrCache;

/// <summary>
/// Brings values into the cache and out of it: makes room (<see cref="RoomMaker"/>), writes the bytes, then the row; removes
/// the row, then the bytes. What goes wrong is logged and counted, and costs the cache an entry, never a reader its bytes.
/// </summary>
internal sealed partial class CacheWriter : IAsyncDisposable
{
    private const int RetriesAtOnce = 16;

    private readonly IStoreIndex _index;
    private readonly ChunkStores _stores;
    private readonly KeyGates _gates;
    private readonly Takeovers _takeovers;
    private readonly CacheCounter _counters;
    private readonly ILogger _logger;

    /// <summary>Files that have no row any more but could not be removed, to be tried again when room is made next.</summary>
    private readonly ConcurrentQueue<IndexEntry> _leftOver = new();

    public CacheWriter(IStoreIndex index, ChunkStores stores, KeyGates gates, Takeovers takeovers, IndexedCacheStorageOptions options, CacheCounter counters, ILogger logger)
    {
        _index = index;
        _stores = stores;
        _gates = gates;
        _takeovers = takeovers;
        _counters = counters;
        _logger = logger;
        Queue = new WriteQueue(options.QueueSize, options.Writers ?? stores.ConcurrentWrites, PrepareAsync, WriteAsync);
        Room = new RoomMaker(index, stores, options, counters, Queue, EraseVictimAsync, logger);
        Prefixes = new PrefixDeletions(index, stores, Distrusted, Room, Queue, logger);
    }

    /// <summary>Keeps the budget and the quotas.</summary>
    public RoomMaker Room { get; }

    /// <summary>Deletes what lies below prefixes.</summary>
    public PrefixDeletions Prefixes { get; }

    /// <summary>Of which entries the index says what is not so.</summary>
    public DistrustedEntries Distrusted { get; } = new();

    /// <summary>What waits to be written.</summary>
    public WriteQueue Queue { get; }

    /// <summary>Removes the bytes of an entry whose row is gone, its gate held. What cannot be removed counts against the budget, and is tried again. Never fails.</summary>
    public async ValueTask EraseBytesAsync(IndexEntry entry)
    {
        if (entry.Kind == EntryKind.Absent)
        {
            return;
        }

        try
        {
            await _stores.EraseAsync(entry, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ZarrCacheException or ObjectDisposedException)
        {
            LeaveOver(entry, exception);
        }
    }

    /// <summary>Writes what waits, and removes what could not be removed before: an index that is closed is not swept, and whoever opens it does not know what was distrusted.</summary>
    public async ValueTask DisposeAsync()
    {
        await Queue.DisposeAsync().ConfigureAwait(false);
        await Prefixes.RetryAsync().ConfigureAwait(false);
        foreach ((string storeId, string key) in Distrusted.Keys)
        {
            await RetryForgetAsync(storeId, key).ConfigureAwait(false);
        }

        for (int rest = _leftOver.Count; rest > 0; rest -= RetriesAtOnce)
        {
            await RetryLeftOverAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Makes room for an item; what is not taken in takes what it was to replace with it. Called for one item at a time, no gate held.</summary>
    private async Task<bool> PrepareAsync(PendingWrite item)
    {
        IndexEntry entry = item.Entry;
        try
        {
            await RetryLeftOverAsync().ConfigureAwait(false);
            await Prefixes.RetryAsync().ConfigureAwait(false);
            if (Distrusted.IsBelowPrefix(entry.StoreId, entry.Key))
            {
                throw new ZarrCacheException($"'{entry.Key}' of store '{entry.StoreId}' lies below a prefix that could not be deleted.");
            }

            if (await Room.MakeAsync(item).ConfigureAwait(false))
            {
                return true;
            }

            await DropOlderAsync(entry).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Fail(exception, entry);
        }

        return false;
    }

    /// <summary>An older value or absence of a key whose new one was declined is not what the origin has any more.</summary>
    private async ValueTask DropOlderAsync(IndexEntry entry)
    {
        if (entry.Kind == EntryKind.Part)
        {
            return;
        }

        using KeyGates.Holder gate = await _gates.EnterAsync(entry.StoreId, entry.Key, CancellationToken.None).ConfigureAwait(false);
        if (await _index.DeleteAsync(entry.EntryKey, null, CancellationToken.None).ConfigureAwait(false) is { } older)
        {
            await EraseBytesAsync(older).ConfigureAwait(false);
        }
    }

    /// <summary>Removes the bytes of a popped entry, unless its place has new ones of the same name. Never fails.</summary>
    private async ValueTask EraseVictimAsync(IndexEntry victim)
    {
        using KeyGates.Holder gate = await _gates.EnterAsync(victim.StoreId, victim.Key, CancellationToken.None).ConfigureAwait(false);
        try
        {
            IndexEntry? current = await _index.FindAsync(victim.EntryKey, CancellationToken.None).ConfigureAwait(false);
            if (current is not null && SharesBytes(victim, current))
            {
                return;
            }
        }
        catch (ZarrCacheException exception)
        {
            LeaveOver(victim, exception);
            return;
        }

        await EraseBytesAsync(victim).ConfigureAwait(false);
    }

    /// <summary>Drops the rows of a key and their bytes; with the gate of the key held.</summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="ZarrCacheException">The index could not be written to; what it says of the key counts for nothing from now on, and its bytes are removed all the same.</exception>
    public async ValueTask<int> ForgetAsync(string storeId, string key, CancellationToken ct)
    {
        IReadOnlyList<IndexEntry> removed;
        try
        {
            removed = await _index.DeleteKeyAsync(storeId, key, ct).ConfigureAwait(false);
        }
        catch
        {
            Distrusted.Add(storeId, key);
            await TryEraseAllBytesAsync(storeId, key).ConfigureAwait(false);
            throw;
        }

        if (Distrusted.Contains(storeId, key) || _takeovers.ArePossible)
        {
            // There may be bytes besides: of rows that went before, or of none. Until they are gone they must not be taken over.
            Distrusted.Add(storeId, key);
            await EraseAllBytesAsync(storeId, key).ConfigureAwait(false);
            Distrusted.Remove(storeId, key);
        }
        else
        {
            foreach (IndexEntry entry in removed)
            {
                await EraseBytesAsync(entry).ConfigureAwait(false);
            }
        }

        return removed.Count;
    }

    /// <summary>Removes the bytes even of rows that are left, so that those are misses to whoever does not know that they are distrusted: another process, or the next.</summary>
    private async ValueTask TryEraseAllBytesAsync(string storeId, string key)
    {
        try
        {
            await EraseAllBytesAsync(storeId, key).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ZarrCacheException or ObjectDisposedException)
        {
            LogForgetFailed(exception, storeId, key);
        }
    }

    /// <summary>Removes whatever the storage has of a key, its gate held, the index not asked.</summary>
    private async ValueTask EraseAllBytesAsync(string storeId, string key)
    {
        await _stores.EraseAsync(new IndexEntry { StoreId = storeId, Key = key }, CancellationToken.None).ConfigureAwait(false);
        foreach (IndexEntry part in await _stores.ListPartsAsync(storeId, key, CancellationToken.None).ConfigureAwait(false))
        {
            await _stores.EraseAsync(part, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async ValueTask RetryForgetAsync(string storeId, string key)
    {
        using KeyGates.Holder gate = await _gates.EnterAsync(storeId, key, CancellationToken.None).ConfigureAwait(false);
        try
        {
            await ForgetAsync(storeId, key, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ZarrCacheException or ObjectDisposedException)
        {
            LogForgetFailed(exception, storeId, key);
        }
    }

    private void LeaveOver(IndexEntry entry, Exception cause)
    {
        Distrusted.Add(entry); // else a sweep that takes over what it finds would bring it back
        _leftOver.Enqueue(entry);
        Room.AddUndeleted(entry.AllocatedSize);
        LogEraseFailed(cause, entry.StoreId, entry.Key);
    }

    /// <summary>Tries some of the files again that could not be removed, so that caching goes on when the fault has ended.</summary>
    private async ValueTask RetryLeftOverAsync()
    {
        for (int tries = Math.Min(_leftOver.Count, RetriesAtOnce); tries > 0 && _leftOver.TryDequeue(out IndexEntry? entry); tries--)
        {
            Room.AddUndeleted(-entry.AllocatedSize);
            await EraseVictimAsync(entry).ConfigureAwait(false);
        }
    }

    /// <summary>Writes the bytes, then the row, then removes what the row replaced.</summary>
    private async Task WriteAsync(PendingWrite item)
    {
        IndexEntry entry = item.Entry;
        try
        {
            using KeyGates.Holder gate = await _gates.EnterAsync(entry.StoreId, entry.Key, CancellationToken.None).ConfigureAwait(false);
            if (!Queue.IsCurrent(item))
            {
                return;
            }

            if (Distrusted.Contains(entry.StoreId, entry.Key))
            {
                await ForgetAsync(entry.StoreId, entry.Key, CancellationToken.None).ConfigureAwait(false);
            }

            if (item.Bytes is { } bytes)
            {
                entry = entry with { AllocatedSize = item.Reserved };
                await StoreAsync(entry, bytes).ConfigureAwait(false);
            }

            await PushAsync(entry).ConfigureAwait(false);
            item.Written = true;
            _counters.AddWritten(entry.Size);
        }
        catch (Exception exception)
        {
            Fail(exception, entry);
        }
        finally
        {
            Room.Release(item);
        }
    }

    /// <summary>Writes the bytes. A write that failed may have been done all the same: what lies there is removed, and with it the row of an older value, whose bytes had the same name.</summary>
    private async ValueTask StoreAsync(IndexEntry entry, SharedBuffer bytes)
    {
        try
        {
            await _stores.SetAsync(entry, bytes.Bytes, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ZarrCacheException)
        {
            await EraseBytesAsync(entry).ConfigureAwait(false);
            if (entry.Kind == EntryKind.Value)
            {
                await _index.DeleteAsync(entry.EntryKey, null, CancellationToken.None).ConfigureAwait(false);
            }

            throw;
        }
    }

    /// <summary>Pushes a row whose bytes are stored; if that fails, they are nobody's and are removed.</summary>
    private async ValueTask PushAsync(IndexEntry entry)
    {
        IndexEntry? replaced;
        try
        {
            // Before the push: an index need not find a part that another one overlaps.
            await RemovePartsBesideAsync(entry).ConfigureAwait(false);
            replaced = await _index.PushAsync(entry, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ZarrCacheException)
        {
            await EraseBytesAsync(entry).ConfigureAwait(false);
            throw;
        }

        if (replaced is not null && !SharesBytes(replaced, entry))
        {
            await EraseBytesAsync(replaced).ConfigureAwait(false);
        }
    }

    /// <summary>Keeps the parts of a key disjoint: a value or an absence takes the place of all, a part that of those which it overlaps.</summary>
    private async ValueTask RemovePartsBesideAsync(IndexEntry entry)
    {
        (long offset, long length) = entry.Kind == EntryKind.Part ? (entry.Offset, entry.Size) : (0, long.MaxValue);
        foreach (IndexEntry part in await _index.FindPartsAsync(entry.StoreId, entry.Key, offset, length, CancellationToken.None).ConfigureAwait(false))
        {
            if (await _index.DeleteAsync(part.EntryKey, part.Version, CancellationToken.None).ConfigureAwait(false) is not null)
            {
                await EraseBytesAsync(part).ConfigureAwait(false);
            }
        }
    }

    private void Fail(Exception exception, IndexEntry entry)
    {
        _counters.AddWriteFailure();
        if (exception is not IndexUnavailableException) // of which the log is told once, by who reads
        {
            LogWriteFailed(exception, entry.StoreId, entry.Key);
        }
    }

    /// <summary>Whether two entries of one place keep their bytes under one name, so that the earlier one's are overwritten.</summary>
    private static bool SharesBytes(IndexEntry earlier, IndexEntry later) =>
        earlier.Kind == later.Kind && (earlier.Kind != EntryKind.Part || earlier.Version == later.Version);

    [LoggerMessage(Level = LogLevel.Warning, Message = "'{Key}' of store '{StoreId}' could not be cached.")]
    private partial void LogWriteFailed(Exception exception, string storeId, string key);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The index could not be made to forget '{Key}' of store '{StoreId}', which was written or deleted; this process does not serve what it says of it.")]
    private partial void LogForgetFailed(Exception exception, string storeId, string key);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The file of '{Key}' of store '{StoreId}' could not be removed; it counts against the budget and is tried again.")]
    private partial void LogEraseFailed(Exception exception, string storeId, string key);
}
