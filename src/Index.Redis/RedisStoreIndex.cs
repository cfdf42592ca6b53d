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
    private readonly RedisStoreIndexOptions _options;
    private readonly IndexContext _context;
    private readonly IConnectionMultiplexer? _owned;
    private readonly Pushes _pushes;
    private readonly Removals _removals;
    private readonly MarkFlush _flush;
    private readonly Pops _pops;
    private readonly FetchLeases _leases;
    private readonly ILogger _logger;
    private readonly BackgroundWork _background;
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
        _background = new BackgroundWork(_context, _flush, options, _logger);
    }

    /// <inheritdoc/>
    public IndexCondition Condition => _context.Session.Condition;

    /// <summary><see cref="RedisStoreIndexOptions.FetchLease"/>, or zero without <see cref="RedisStoreIndexOptions.FetchOnce"/>.</summary>
    public TimeSpan LeaseDuration => _options.FetchOnce ? _options.FetchLease : TimeSpan.Zero;

    /// <inheritdoc/>
    public long Generation => _context.Session.Generation;

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
        _background.Mark(key, at);
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

        await _background.DisposeAsync().ConfigureAwait(false);
        try
        {
            await _flush.RunAsync(policyToo: true, CancellationToken.None).ConfigureAwait(false);
            await _context.Session.LeaveAsync().ConfigureAwait(false);
        }
        catch (ZarrCacheException e)
        {
            LogNotLeft(_context.Server.Address, e); // the others take this node for dead, and sweep; closing must go on
        }

        _context.Server.Close();
        if (_owned is not null)
        {
            await _owned.DisposeAsync().ConfigureAwait(false);
        }
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "The index at {Address} could not be left properly; it is swept when it is opened next.")]
    private partial void LogNotLeft(string address, Exception exception);
}
