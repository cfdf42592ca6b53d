using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>
/// One index for many machines, kept on a Redis server or Garnet. A completed write is seen by all nodes at once; whether it
/// outlives the server is the server's to say. Thread-safe. See the README for what it costs and when to choose another.
/// </summary>
/// <remarks>
/// Every operation on more than one key is one script. The eviction policy runs in the nodes: a script writes what it decided if what it
/// was decided on is still so. Accesses are coalesced in memory.
/// </remarks>
public sealed partial class RedisStoreIndex : ISharedStoreIndex
{
    /// <summary>The memory of accesses is full at so many times the number that starts a flush.</summary>
    private const int MarkBound = 2;

    private readonly RedisStoreIndexOptions _options;
    private readonly IndexContext _context;
    private readonly IConnectionMultiplexer? _owned;
    private readonly Pushes _pushes;
    private readonly Removals _removals;
    private readonly MarkFlush _flush;
    private readonly Pops _pops;
    private readonly FetchLeases _leases;
    private readonly ILogger _logger;
    private readonly ITimer _flushTimer;
    private readonly ITimer _beatTimer;
    private int _flushing;
    private int _disposed;

    private RedisStoreIndex(RedisServer server, IConnectionMultiplexer? owned, RedisStoreIndexOptions options)
    {
        _options = options;
        _owned = owned;
        _logger = options.Logger ?? NullLogger.Instance;
        _context = new IndexContext(server, options);
        _pushes = new Pushes(_context);
        _removals = new Removals(_context);
        _flush = new MarkFlush(_context);
        _pops = new Pops(_context, _flush);
        _leases = new FetchLeases(_context, options.FetchLease);
        _flushTimer = options.TimeProvider.CreateTimer(
            static state => ((RedisStoreIndex)state!).StartFlush(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _beatTimer = options.TimeProvider.CreateTimer(
            static state => ((RedisStoreIndex)state!).Beat(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public IndexCondition Condition => _context.Session.Condition;

    /// <summary><see cref="RedisStoreIndexOptions.FetchLease"/>, or zero without <see cref="RedisStoreIndexOptions.FetchOnce"/>.</summary>
    public TimeSpan LeaseDuration => _options.FetchOnce ? _options.FetchLease : TimeSpan.Zero;

    /// <inheritdoc/>
    public long Generation => _context.Session.Generation;

    /// <summary>Opens the index on a server, or makes it there.</summary>
    /// <param name="address">Where the server is: see <see cref="RedisAddress"/>. A prefix in it goes before that of the options.</param>
    /// <param name="options">How it works; null for the defaults.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="ArgumentException">The address is none, or an option is out of range; the message names it, and no secret.</exception>
    /// <exception cref="CacheFormatException">A newer version made the index.</exception>
    /// <exception cref="ZarrCacheException">The server cannot be reached, throws entries away by itself (<c>maxmemory-policy</c>), or others use the index with another policy.</exception>
    public static async ValueTask<RedisStoreIndex> OpenAsync(string address, RedisStoreIndexOptions? options = null, CancellationToken ct = default) =>
        await OpenAsync(RedisAddress.Parse(address), options, ct).ConfigureAwait(false);

    /// <inheritdoc cref="OpenAsync(string, RedisStoreIndexOptions?, CancellationToken)"/>
    public static async ValueTask<RedisStoreIndex> OpenAsync(RedisAddress address, RedisStoreIndexOptions? options = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        options ??= new RedisStoreIndexOptions();
        options = address.Prefix is { } prefix ? options with { Prefix = prefix } : options;
        options.Validate();
        IConnectionMultiplexer connection = await RedisConnection.ConnectAsync(address, options, ct).ConfigureAwait(false);
        return await OpenAsync(connection, connection, address.ToString(), options, ct).ConfigureAwait(false);
    }

    /// <summary>Opens the index over a connection that the caller keeps: it is not disposed of, and may serve others too.</summary>
    /// <param name="connection">The connection. Its <c>BacklogPolicy</c> should be <c>FailFast</c>, and its time-outs short: they hold for writes.</param>
    /// <param name="options">How it works; null for the defaults.</param>
    /// <param name="ct">Gives up.</param>
    /// <inheritdoc cref="OpenAsync(string, RedisStoreIndexOptions?, CancellationToken)" path="/exception"/>
    public static async ValueTask<RedisStoreIndex> OpenAsync(IConnectionMultiplexer connection, RedisStoreIndexOptions? options = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        options ??= new RedisStoreIndexOptions();
        options.Validate();
        string address = string.Join(',', connection.GetEndPoints().Select(endPoint => endPoint.ToString()));
        return await OpenAsync(connection, null, address, options, ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask ConfirmSweptAsync(CancellationToken ct)
    {
        Enter(ct);
        return _context.Session.ConfirmSweptAsync(ct);
    }

    /// <inheritdoc/>
    public ValueTask<IndexEntry?> FindAsync(EntryKey key, CancellationToken ct)
    {
        Enter(ct);
        if (_context.Remembered.TryGet(key, out IndexEntry? entry))
        {
            return new ValueTask<IndexEntry?>(entry);
        }

        EntryRules.Validate(key);
        return LookUpAsync(key, ct);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<IndexEntry>> FindPartsAsync(string storeId, string key, long offset, long length, CancellationToken ct)
    {
        Enter(ct);
        EntryRules.Validate(new EntryKey(storeId, key));
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        long end = offset > long.MaxValue - length ? long.MaxValue : offset + length;
        return length == 0 ? new ValueTask<IReadOnlyList<IndexEntry>>([]) : IndexReads.FindPartsAsync(_context, storeId, key, offset, end, ct);
    }

    /// <inheritdoc/>
    public ValueTask<IndexEntry?> PushAsync(IndexEntry entry, CancellationToken ct)
    {
        Enter(ct);
        EntryRules.Validate(entry);
        return _pushes.PushAsync(entry, ct);
    }

    /// <inheritdoc/>
    public ValueTask PushManyAsync(ReadOnlyMemory<IndexEntry> entries, CancellationToken ct)
    {
        Enter(ct);
        foreach (IndexEntry entry in entries.Span)
        {
            EntryRules.Validate(entry);
        }

        return entries.IsEmpty ? ValueTask.CompletedTask : _pushes.PushManyAsync(entries, ct);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<IndexEntry>> PopAsync(PopRequest request, CancellationToken ct)
    {
        Enter(ct);
        request.Validate();
        return _pops.PopAsync(request, ct);
    }

    /// <inheritdoc/>
    public ValueTask<bool> AdmitsAsync(IndexEntry entry, PopRequest request, CancellationToken ct)
    {
        Enter(ct);
        EntryRules.Validate(entry);
        request.Validate();
        return _context.Policy.AdmitsAll || request is { Bytes: 0, Count: 0 } ? new ValueTask<bool>(true) : _pops.AdmitsAsync(entry, request, ct);
    }

    /// <inheritdoc/>
    /// <remarks>Never waits: when the server does not answer for long, accesses are not recorded any more.</remarks>
    public ValueTask MarkAsync(EntryKey key, DateTimeOffset at, CancellationToken ct)
    {
        Enter(ct);
        if (_context.Marks.Count >= (long)_options.MarkFlushCount * MarkBound)
        {
            StartFlush();
            return ValueTask.CompletedTask;
        }

        int waiting = _context.Marks.Add(key, at);
        if (waiting == 1)
        {
            _flushTimer.Change(_options.MarkFlushInterval, Timeout.InfiniteTimeSpan);
        }
        else if (waiting >= _options.MarkFlushCount)
        {
            StartFlush();
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask TouchAsync(EntryKey key, DateTimeOffset validatedAt, CancellationToken ct)
    {
        Enter(ct);
        EntryRules.Validate(key);
        try
        {
            await _context.Changes.ApplyAsync(_context.Keys.For(key.StoreId), [Place.Of(key)], (_, entry) => entry with { ValidatedAt = validatedAt }, ct).ConfigureAwait(false);
        }
        finally
        {
            _context.Remembered.Forget([key], all: false);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IndexEntry?> DeleteAsync(EntryKey key, long? ifVersion, CancellationToken ct)
    {
        Enter(ct);
        EntryRules.Validate(key);
        return _removals.DeleteAsync(key, ifVersion, ct);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<IndexEntry>> DeleteKeyAsync(string storeId, string key, CancellationToken ct)
    {
        Enter(ct);
        EntryRules.Validate(new EntryKey(storeId, key));
        return _removals.DeleteKeyAsync(storeId, key, ct);
    }

    /// <inheritdoc/>
    /// <remarks>Some hundreds in each script, so that others get their turn: readers may see it half done.</remarks>
    public ValueTask<IndexTotals> DeletePrefixAsync(string storeId, string prefix, CancellationToken ct)
    {
        Enter(ct);
        ZarrKey.ValidateStoreId(storeId);
        ZarrKey.ValidatePrefix(prefix);
        return _removals.DeletePrefixAsync(storeId, prefix, ct);
    }

    /// <inheritdoc/>
    public ValueTask<IndexTotals> PinAsync(Pin pin, CancellationToken ct)
    {
        Enter(ct);
        pin.Validate();
        return _context.Pins.PinAsync(pin, ct);
    }

    /// <inheritdoc/>
    public ValueTask<bool> UnpinAsync(Pin pin, CancellationToken ct)
    {
        Enter(ct);
        pin.Validate();
        return _context.Pins.UnpinAsync(pin, ct);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Pin>> ListPinsAsync(CancellationToken ct)
    {
        Enter(ct);
        return _context.Pins.ListAsync(ct);
    }

    /// <inheritdoc/>
    public ValueTask<IndexTotals> GetTotalsAsync(string? storeId, CancellationToken ct)
    {
        Enter(ct);
        return IndexReads.GetTotalsAsync(_context, storeId, ct);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> ListStoresAsync(CancellationToken ct)
    {
        Enter(ct);
        return IndexReads.ListStoresAsync(_context, ct);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Unsorted, by key, by priority and by last access it streams, some hundreds of entries at a time, each time for less than a millisecond
    /// of the server. By access count, size and load duration it looks at all and sorts here: at most a million, or as many as the limit says.
    /// </remarks>
    /// <exception cref="ZarrCacheException">More than a million entries were to be sorted, or the server failed.</exception>
    public IAsyncEnumerable<IndexEntry> EnumerateAsync(IndexQuery query, CancellationToken ct)
    {
        query.Validate();
        return EnumerateCheckedAsync(query with { Prefix = query.Prefix ?? "" }, ct);
    }

    /// <inheritdoc/>
    public ValueTask<long> TakeLeaseAsync(EntryKey place, long holder, CancellationToken ct)
    {
        Enter(ct);
        return _leases.TakeAsync(place, holder, ct);
    }

    /// <inheritdoc/>
    public ValueTask ProlongLeasesAsync(IReadOnlyCollection<EntryKey> places, long holder, CancellationToken ct)
    {
        Enter(ct);
        ArgumentNullException.ThrowIfNull(places);
        return _leases.ProlongAsync(places, holder, ct);
    }

    /// <inheritdoc/>
    public ValueTask ReleaseLeaseAsync(EntryKey place, long holder, CancellationToken ct)
    {
        Enter(ct);
        return new ValueTask(_leases.ReleaseAsync(place, holder, ct));
    }

    /// <inheritdoc/>
    public ValueTask FlushAsync(CancellationToken ct)
    {
        Enter(ct);
        return _flush.RunAsync(policyToo: true, ct);
    }

    /// <summary>Writes what waits, leaves, and closes the connection if it was made here. A server that does not answer is not waited for longer than its time-out.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        await _flushTimer.DisposeAsync().ConfigureAwait(false);
        await _beatTimer.DisposeAsync().ConfigureAwait(false);
        try
        {
            await _flush.RunAsync(policyToo: true, CancellationToken.None).ConfigureAwait(false);
            await _context.Session.LeaveAsync().ConfigureAwait(false);
        }
        catch (ZarrCacheException e)
        {
            LogNotLeft(_logger, _context.Server.Address, e); // the others take this node for dead, and sweep; closing must go on
        }

        _context.Server.Close();
        if (_owned is not null)
        {
            await _owned.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async ValueTask<RedisStoreIndex> OpenAsync(IConnectionMultiplexer connection, IConnectionMultiplexer? owned, string address, RedisStoreIndexOptions options, CancellationToken ct)
    {
        var index = new RedisStoreIndex(new RedisServer(connection.GetDatabase(), address), owned, options);
        try
        {
            await index.OpenAsync(ct).ConfigureAwait(false);
            return index;
        }
        catch
        {
            index._disposed = 1;
            if (owned is not null)
            {
                await owned.DisposeAsync().ConfigureAwait(false);
            }

            throw;
        }
    }

    private async ValueTask OpenAsync(CancellationToken ct)
    {
        if (!await RedisConnection.RequireNoEvictionAsync(_context.Server, ct).ConfigureAwait(false))
        {
            LogPolicyUnknown(_logger, _context.Server.Address);
        }

        await _context.Session.EnterAsync(ct).ConfigureAwait(false);
        if (_context.Session.MustRank)
        {
            await Ranking.RunAsync(_context, ct).ConfigureAwait(false);
        }

        await _context.Pins.FinishAllAsync(ct).ConfigureAwait(false);
        TimeSpan beat = _options.SessionTimeout / 3;
        _beatTimer.Change(beat, beat);
    }

    private async ValueTask<IndexEntry?> LookUpAsync(EntryKey key, CancellationToken ct)
    {
        long generation = _context.Remembered.Generation;
        IndexEntry? entry = await IndexReads.FindAsync(_context, key, ct).ConfigureAwait(false);
        if (entry is not null)
        {
            _context.Remembered.Add(key, entry, generation);
        }

        return entry;
    }

    private async IAsyncEnumerable<IndexEntry> EnumerateCheckedAsync(IndexQuery query, [EnumeratorCancellation] CancellationToken ct)
    {
        Enter(ct);
        if (query.Order != IndexOrder.Key)
        {
            await _flush.RunAsync(policyToo: false, ct).ConfigureAwait(false);
        }

        long left = query.Limit ?? long.MaxValue;
        if (left == 0)
        {
            yield break;
        }

        await foreach (IndexEntry entry in new Enumeration(_context, query).RunAsync(ct).ConfigureAwait(false))
        {
            yield return entry;
            if (--left == 0)
            {
                yield break;
            }
        }
    }

    private void Enter(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) == 1, this);
    }

    /// <summary>Flushes in the background, one flush at a time.</summary>
    [SuppressMessage("Usage", "VSTHRD100", Justification = "Nobody waits for it; every failure is logged.")]
    private async void StartFlush()
    {
        if (Interlocked.Exchange(ref _flushing, 1) == 1)
        {
            return;
        }

        try
        {
            await FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ZarrCacheException or ObjectDisposedException)
        {
            LogMarksNotFlushed(_logger, _context.Server.Address, e);
            _flushTimer.Change(_options.MarkFlushInterval, Timeout.InfiniteTimeSpan);
        }
        finally
        {
            Volatile.Write(ref _flushing, 0);
        }
    }

    [SuppressMessage("Usage", "VSTHRD100", Justification = "Nobody waits for it; every failure is logged.")]
    private async void Beat()
    {
        try
        {
            await _context.Session.BeatAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ZarrCacheException or ObjectDisposedException)
        {
            LogBeatFailed(_logger, _context.Server.Address, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Accesses could not be written to the index at {Address}; they wait for the next flush.")]
    private static partial void LogMarksNotFlushed(ILogger logger, string address, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The index at {Address} could not be left properly; it is swept when it is opened next.")]
    private static partial void LogNotLeft(ILogger logger, string address, Exception exception);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The index at {Address} did not hear that this node lives.")]
    private static partial void LogBeatFailed(ILogger logger, string address, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "The server {Address} does not say its maxmemory-policy; it must be noeviction.")]
    private static partial void LogPolicyUnknown(ILogger logger, string address);
}
