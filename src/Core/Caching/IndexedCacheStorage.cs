using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ZarrCache;

/// <summary>
/// A cache made of an index and a chunk storage: the index knows what there is and what is given up first, the storage
/// keeps the bytes, and a background writer brings both together within MaxSize. Thread-safe. Does not dispose of the
/// index, which is the caller's.
/// </summary>
/// <remarks>
/// <para>
/// On the way in the file comes before the row, on the way out the row before the file: a file without a row is
/// garbage that <see cref="CheckAsync"/> sweeps, a row without a file is a miss. Every read is verified, so that neither can
/// falsify anything.
/// </para>
/// <para>
/// Locks: the gate of a key (<see cref="KeyGates"/>) is held by whoever writes or deletes its bytes, across the I/O.
/// Room is made by the queue's one dispatcher, before the gate of the new value is taken; each of its
/// victims is erased under its own gate, no two of which are waited for together.
/// </para>
/// </remarks>
public sealed partial class IndexedCacheStorage : ICacheStorage
{
    /// <summary>Longer tags are not kept: they would not fit the record that travels with the bytes.</summary>
    private const int MaxETagLength = 1024;

    private readonly IStoreIndex _index;
    private readonly ISharedStoreIndex? _shared;
    private readonly ReadPathIndex _lookups;
    private readonly FetchTurns? _turns;
    private readonly IndexedCacheStorageOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ChunkStores _stores;
    private readonly KeyGates _gates = new();
    private readonly CacheCounter _counters = new();
    private readonly CacheWriter _writer;
    private readonly CacheCheck _check;
    private readonly CancellationTokenSource _stop = new();
    private readonly CacheSweep _sweep;
    private int _disposed;

    /// <summary>A cache of at most <paramref name="maxSize"/> bytes; all else by default.</summary>
    /// <inheritdoc cref="IndexedCacheStorage(IStoreIndex, StoreOpener, IndexedCacheStorageOptions)" path="/*[not(self::summary)]"/>
    public IndexedCacheStorage(IStoreIndex index, StoreOpener opener, long maxSize)
        : this(index, opener, new IndexedCacheStorageOptions { MaxSize = maxSize })
    {
    }

    /// <summary>A cache as the options say.</summary>
    /// <param name="index">What is cached; to be disposed of by the caller, after this.</param>
    /// <param name="opener">Opens the chunk storage of each store.</param>
    /// <param name="options">The budget and the rest.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    public IndexedCacheStorage(IStoreIndex index, StoreOpener opener, IndexedCacheStorageOptions options)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(opener);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _index = index;
        _shared = index as ISharedStoreIndex;
        _options = options;
        _time = options.TimeProvider;
        _logger = options.Logger ?? NullLogger.Instance;
        _lookups = new ReadPathIndex(index, options.IndexPatience, _time, _logger);
        _turns = _shared is not null && _shared.LeaseDuration > TimeSpan.Zero ? new FetchTurns(_shared, _lookups, _time, _logger) : null;
        _stores = new ChunkStores(opener);
        var takeovers = new Takeovers(index);
        _writer = new CacheWriter(index, _stores, _gates, takeovers, options, _counters, _logger);
        _check = new CacheCheck(index, _stores, _gates, _writer, takeovers, _time);
        ZarrCacheInstruments.Caches.Add(this);
        _sweep = new CacheSweep(index, _check, takeovers, options, _logger, _stop.Token);
        _writer.Room.EvictionLost += _sweep.BeginAfterLostEviction;
        _sweep.BeginIfUnclean();
    }

    /// <summary>The most bytes that chunk files may take up.</summary>
    public long MaxSize => _options.MaxSize;

    /// <summary>See <see cref="IndexedCacheStorageOptions.Name"/>.</summary>
    public string? Name => _options.Name;

    /// <summary>What the storage did since it was opened. A snapshot.</summary>
    public CacheCounters Counters => _counters.Snapshot();

    /// <summary>Completes when the sweep that follows an unclean stop has run once and, if nothing was too young to be judged, the index knows it; soon if there is none to run. Never fails.</summary>
    public Task SweepCompletion => _sweep.FirstPass;

    /// <inheritdoc/>
    public async ValueTask<IndexEntry?> FindAsync(string storeId, string key, CancellationToken ct)
    {
        var place = new EntryKey(storeId, key);
        if (_writer.Queue.FindAndHold(place) is { } waiting)
        {
            waiting.Bytes?.Dispose();
            return waiting.Entry;
        }

        try
        {
            return await _lookups.FindAsync(place, ct).ConfigureAwait(false) is { } entry && !_writer.Distrusted.Contains(entry) ? entry : null;
        }
        catch (ZarrCacheException exception)
        {
            Fail(exception, storeId, key);
            return null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<CacheHit?> GetAsync(string storeId, string key, ByteRange range, CancellationToken ct)
    {
        _sweep.BeginIfLost();
        var place = new EntryKey(storeId, key);
        if (_writer.Queue.FindAndHold(place) is { } waiting)
        {
            return OpenQueued(waiting, range);
        }

        try
        {
            IndexEntry? entry = range.IsAll ? null : await FindExactPartAsync(storeId, key, range, ct).ConfigureAwait(false);
            entry ??= await _lookups.FindAsync(place, ct).ConfigureAwait(false);
            if (entry is null)
            {
                return null;
            }

            await MarkAsync(entry, ct).ConfigureAwait(false);
            CacheHit? hit = await OpenAsync(entry, range, ct).ConfigureAwait(false);
            if (hit is null)
            {
                // The index may have remembered an entry that another process replaced; it has been told, so ask again, once.
                IndexEntry? current = await _lookups.FindAsync(entry.EntryKey, ct).ConfigureAwait(false);
                hit = current is null || current.Version == entry.Version ? null : await OpenAsync(current, range, ct).ConfigureAwait(false);
            }

            return hit;
        }
        catch (ZarrCacheException exception) when (exception is not RangeNotSatisfiableException)
        {
            Fail(exception, storeId, key);
            return null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IAsyncDisposable?> BeginFetchAsync(EntryKey place, Func<ValueTask<bool>> isCached, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(isCached);
        return _turns is not null
            ? await _turns.TakeAsync(place, isCached, () => _writer.Queue.WhenWritten(place.StoreId, place.Key), ct).ConfigureAwait(false)
            : await isCached().ConfigureAwait(false) ? null : FetchTurns.Free;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> PutAsync(CacheItem item, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(item);
        ZarrKey.ValidateStoreId(item.StoreId);
        ZarrKey.Validate(item.Key);
        _sweep.BeginIfLost();
        long size = item.Bytes?.Length ?? 0;
        if (size > _options.MaxSize)
        {
            _counters.AddTooLarge();
            return false;
        }

        var entry = new IndexEntry
        {
            StoreId = item.StoreId,
            Key = item.Key,
            Kind = item.Kind,
            Offset = item.Offset,
            Size = size,
            ObjectSize = item.Info.Size,
            ETag = item.Info.ETag is { Length: <= MaxETagLength } etag ? etag : null,
            LastModified = item.Info.LastModified,
            StoredAt = item.FetchedAt,
            ValidatedAt = item.FetchedAt,
            LastAccess = item.FetchedAt,
            LoadDuration = item.LoadDuration,
            Version = EntryVersion.Next(),
            Checksums = item.Bytes is null ? default : BlockChecksums.Compute(item.Bytes.Bytes),
        };
        if (item.Kind != EntryKind.Absent && !ChunkLayout.Fits(ChunkLayout.GetChunkKey(entry)))
        {
            _counters.AddTooLarge();
            return false;
        }

        bool taken = await _writer.Queue.EnqueueAsync(entry, item.Bytes, _options.WhenQueueFull == QueueFullMode.Wait, ct).ConfigureAwait(false);
        if (!taken)
        {
            _counters.AddQueueFull();
        }

        return taken;
    }

    /// <inheritdoc/>
    public async ValueTask TouchAsync(IndexEntry entry, DateTimeOffset validatedAt, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(entry);
        try
        {
            await _lookups.TouchAsync(entry.EntryKey, validatedAt, ct).ConfigureAwait(false);
        }
        catch (ZarrCacheException exception)
        {
            Fail(exception, entry.StoreId, entry.Key);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteAsync(string storeId, string key, CancellationToken ct)
    {
        bool waited = _writer.Queue.Withdraw(storeId, key);
        using KeyGates.Holder gate = await _gates.EnterAsync(storeId, key, ct).ConfigureAwait(false);
        return await _writer.ForgetAsync(storeId, key, ct).ConfigureAwait(false) > 0 || waited;
    }

    /// <inheritdoc/>
    public async ValueTask<IndexTotals> DeletePrefixAsync(string storeId, string prefix, CancellationToken ct)
    {
        ZarrKey.ValidateStoreId(storeId);
        ZarrKey.ValidatePrefix(prefix);
        try
        {
            IndexTotals waited = await _writer.Queue.ClosePrefixAsync(storeId, prefix).ConfigureAwait(false);
            return waited + await _writer.Prefixes.DeleteAsync(storeId, prefix, ct).ConfigureAwait(false);
        }
        finally
        {
            _writer.Queue.OpenPrefix(storeId, prefix);
        }
    }

    /// <inheritdoc/>
    public async ValueTask CloseStoreAsync(string storeId, CancellationToken ct)
    {
        await _writer.Queue.WhenDrainedAsync(storeId, ct).ConfigureAwait(false);
        await _stores.CloseAsync(storeId).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask FlushAsync(CancellationToken ct)
    {
        await _writer.Queue.WhenDrainedAsync(null, ct).ConfigureAwait(false);
        await _index.FlushAsync(ct).ConfigureAwait(false);
    }

    /// <summary>Holds the files against the rows; see <see cref="CacheCheckOptions"/> for what is looked at and what is mended.</summary>
    /// <param name="options">What to look at, and whether to mend.</param>
    /// <param name="found">Told of each finding, from several threads at once; null if only the sums are wanted.</param>
    /// <param name="ct">Gives up; what was mended remains so.</param>
    public Task<CacheCheckReport> CheckAsync(CacheCheckOptions options, Action<CacheFinding>? found, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(options);
        return _check.RunAsync(options, found, ct);
    }

    /// <summary>Writes what waits, ends the sweep, and closes the chunk storage; the index stays open.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        ZarrCacheInstruments.Caches.Remove(this);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _sweep.WhenEnded().ConfigureAwait(false);
        await _writer.DisposeAsync().ConfigureAwait(false);
        await _stores.DisposeAsync().ConfigureAwait(false);
        if (_turns is not null)
        {
            await _turns.DisposeAsync().ConfigureAwait(false);
        }

        await _lookups.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    /// <summary>Drops an entry whose bytes are not what was stored, unless it has been replaced meanwhile. Never fails.</summary>
    internal async ValueTask DropAsync(IndexEntry entry, string fault)
    {
        try
        {
            using KeyGates.Holder gate = await _gates.EnterAsync(entry.StoreId, entry.Key, _stop.Token).ConfigureAwait(false);
            if (await _lookups.DeleteAsync(entry.EntryKey, entry.Version, _stop.Token).ConfigureAwait(false) is { } removed)
            {
                // Else it was evicted or replaced between look-up and read, which is no damage.
                _counters.AddCorrupt();
                LogCorrupt(entry.StoreId, entry.Key, fault);
                await _writer.EraseBytesAsync(removed).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is ZarrCacheException or OperationCanceledException or ObjectDisposedException)
        {
            _counters.AddCorrupt();
            LogCorrupt(entry.StoreId, entry.Key, fault);
            _writer.Distrusted.Add(entry);
            Fail(exception, entry.StoreId, entry.Key);
        }
    }

    /// <summary>Records an access; if that fails, the entry is a hit all the same.</summary>
    private ValueTask MarkAsync(IndexEntry entry, CancellationToken ct)
    {
        try
        {
            ValueTask marked = _lookups.MarkAsync(entry.EntryKey, _time.GetUtcNow(), ct);
            return marked.IsCompletedSuccessfully ? marked : AwaitAsync(marked);
        }
        catch (ZarrCacheException exception)
        {
            Fail(exception, entry.StoreId, entry.Key);
            return ValueTask.CompletedTask;
        }

        async ValueTask AwaitAsync(ValueTask marked)
        {
            try
            {
                await marked.ConfigureAwait(false);
            }
            catch (ZarrCacheException exception)
            {
                Fail(exception, entry.StoreId, entry.Key);
            }
        }
    }

    private static CacheHit? OpenQueued(PendingWrite waiting, ByteRange range)
    {
        if (waiting.Bytes is null)
        {
            return new AbsentHit(waiting.Entry);
        }

        try
        {
            (long offset, long length) = range.Resolve(waiting.Entry.Key, waiting.Entry.ObjectSize);
            return new QueuedHit(waiting.Entry, offset, length, waiting.Bytes);
        }
        catch
        {
            waiting.Bytes.Dispose();
            throw;
        }
    }

    /// <summary>Opens the bytes of an entry for reading; null if they are not there, or not of the right size: then the entry is dropped.</summary>
    private async ValueTask<CacheHit?> OpenAsync(IndexEntry entry, ByteRange range, CancellationToken ct)
    {
        if (_writer.Distrusted.Contains(entry))
        {
            return null;
        }

        if (entry.Kind == EntryKind.Absent)
        {
            return new AbsentHit(entry);
        }

        (long offset, long length) = range.Resolve(entry.Key, entry.ObjectSize);
        string fault;
        try
        {
            ReadResult stored = await _stores.GetAsync(entry, new ReadOptions(AlignToBlocks(entry, offset, length)), ct).ConfigureAwait(false);
            if (stored.Status == ReadStatus.Found && stored.Info.Size == entry.Size)
            {
                return new VerifiedHit(this, entry, offset, length, stored);
            }

            await stored.DisposeAsync().ConfigureAwait(false);
            fault = stored.Status == ReadStatus.Found ? $"the file has {stored.Info.Size} bytes instead of {entry.Size}" : "the file is gone";
        }
        catch (RangeNotSatisfiableException exception)
        {
            fault = $"the file has {exception.Size} bytes instead of {entry.Size}";
        }

        await DropAsync(entry, fault).ConfigureAwait(false);
        return null;
    }

    /// <summary>The stored bytes that must be read to verify a range of the object: whole blocks.</summary>
    private static ByteRange AlignToBlocks(IndexEntry entry, long offset, long length)
    {
        long start = offset - entry.Offset;
        long end = start + length;
        start -= start % BlockChecksums.BlockSize;
        end = Math.Min(entry.Size, (end + BlockChecksums.BlockSize - 1) / BlockChecksums.BlockSize * BlockChecksums.BlockSize);
        return start == 0 && end == entry.Size ? ByteRange.All : ByteRange.Slice(start, end - start);
    }

    private void Fail(Exception exception, string storeId, string key)
    {
        _counters.AddFailure();
        if (exception is not IndexUnavailableException) // of which the log has been told once
        {
            LogFailed(exception, storeId, key);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The cache could not answer for '{Key}' of store '{StoreId}'; the origin is asked instead.")]
    private partial void LogFailed(Exception exception, string storeId, string key);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The cached bytes of '{Key}' of store '{StoreId}' are not what was stored ({Fault}); they are dropped.")]
    private partial void LogCorrupt(string storeId, string key, string fault);
}
