using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ZarrCache.Index.Sqlite;

/// <summary>
/// The embedded default index: one SQLite database in write-ahead mode, shared safely by the threads of a process and
/// by several processes of one machine. A completed write is committed and seen by all; it survives the end of the
/// process, and a power cut may take the last seconds. See the README for what it costs and when to choose another.
/// </summary>
/// <remarks>
/// Reads run on the caller's thread, each on a connection of its own, and are not held up by writes. Writes are handed
/// to one writing thread, which gathers those that wait into one transaction. Accesses are coalesced in memory.
/// </remarks>
public sealed partial class SqliteStoreIndex : IStoreIndex
{
    /// <summary>The memory of accesses is full at so many times the number that starts a flush.</summary>
    private const int MarkBound = 2;

    private const int FirstPage = 64;
    private const int LaterPages = 1024;

    private readonly SqliteStoreIndexOptions _options;
    private readonly EvictionPolicy _policy;
    private readonly DatabaseFile _file;
    private readonly SessionLock _session;
    private readonly StoreNames _names = new();
    private readonly RememberedEntries _remembered;
    private readonly PendingMarks _marks;
    private readonly ReadConnectionPool _readers;
    private readonly WriteLoop _writer;
    private readonly ITimer _flushTimer;
    private readonly ILogger _logger;
    private int _flushing;
    private int _disposed;

    /// <summary>Opens the index in a file, or makes it, its directories too, with the defaults.</summary>
    /// <inheritdoc cref="SqliteStoreIndex(string, SqliteStoreIndexOptions)"/>
    public SqliteStoreIndex(string path)
        : this(path, new SqliteStoreIndexOptions())
    {
    }

    /// <summary>Opens the index in a file, or makes it, its directories too.</summary>
    /// <param name="path">The file, on a local disk: SQLite's locks do not work on network shares.</param>
    /// <param name="options">How it works.</param>
    /// <exception cref="ArgumentException">The path is empty, or an option is out of range; the message names it.</exception>
    /// <exception cref="CacheFormatException">A newer version or another program wrote the file, or it is damaged and must not or cannot be made anew.</exception>
    /// <exception cref="ZarrCacheException">The file cannot be made, opened or locked.</exception>
    public SqliteStoreIndex(string path, SqliteStoreIndexOptions options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _policy = options.Policy.ForIndex();
        _logger = options.Logger ?? NullLogger.Instance;
        _file = new DatabaseFile(path, options);
        OpenedDatabase opened = new DatabaseOpener(_file, options).Open();
        _session = opened.Session;
        Condition = opened.Condition;

        var clock = new LogicalClock();
        _marks = new PendingMarks(clock);
        _remembered = new RememberedEntries(options.RememberedEntries);
        _readers = new ReadConnectionPool(_file, _names);
        try
        {
            _writer = new WriteLoop(new WriteTransaction(opened.Writer, clock, _names, _remembered, _marks, _policy, options.BusyTimeout));
        }
        catch
        {
            opened.Writer.Dispose();
            opened.Session.Dispose();
            throw;
        }

        FinishPins();
        _flushTimer = options.TimeProvider.CreateTimer(
            static state => ((SqliteStoreIndex)state!).StartFlush(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public IndexCondition Condition { get; }

    /// <inheritdoc/>
    public ValueTask ConfirmSweptAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ThrowIfDisposed();
        try
        {
            _file.SweepMarker.Remove();
            return ValueTask.CompletedTask;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ZarrCacheException($"The index '{_file.Path}' cannot be called swept: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IndexEntry?> FindAsync(EntryKey key, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (_remembered.TryGet(key, out IndexEntry? entry))
        {
            ThrowIfDisposed();
            return new ValueTask<IndexEntry?>(entry);
        }

        EntryRules.Validate(key);
        long generation = _remembered.Generation;
        using (ReadConnectionPool.Lease lease = _readers.Rent())
        {
            entry = lease.Reader.Find(key);
        }

        if (entry is not null)
        {
            _remembered.Add(key, entry, generation);
        }

        return new ValueTask<IndexEntry?>(entry);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<IndexEntry>> FindPartsAsync(string storeId, string key, long offset, long length, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        EntryRules.Validate(new EntryKey(storeId, key));
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length == 0)
        {
            return new ValueTask<IReadOnlyList<IndexEntry>>([]);
        }

        long end = offset > long.MaxValue - length ? long.MaxValue : offset + length;
        using ReadConnectionPool.Lease lease = _readers.Rent();
        return new ValueTask<IReadOnlyList<IndexEntry>>(lease.Reader.FindParts(storeId, key, offset, end));
    }

    /// <inheritdoc/>
    public ValueTask<IndexEntry?> PushAsync(IndexEntry entry, CancellationToken ct)
    {
        EntryRules.Validate(entry);
        return _writer.RunAsync(new PushOperation(entry), ct);
    }

    /// <inheritdoc/>
    public async ValueTask PushManyAsync(ReadOnlyMemory<IndexEntry> entries, CancellationToken ct)
    {
        foreach (IndexEntry entry in entries.Span)
        {
            EntryRules.Validate(entry);
        }

        ct.ThrowIfCancellationRequested();
        ThrowIfDisposed();
        if (!entries.IsEmpty)
        {
            await _writer.RunAsync(new PushManyOperation(entries), ct).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<IndexEntry>> PopAsync(PopRequest request, CancellationToken ct)
    {
        request.Validate();
        return _writer.RunAsync(new PopOperation(request), ct);
    }

    /// <inheritdoc/>
    public ValueTask<bool> AdmitsAsync(IndexEntry entry, PopRequest request, CancellationToken ct)
    {
        EntryRules.Validate(entry);
        request.Validate();
        ct.ThrowIfCancellationRequested();
        ThrowIfDisposed();
        return _policy.AdmitsAll || request is { Bytes: 0, Count: 0 } ? new ValueTask<bool>(true) : _writer.RunAsync(new AdmitsOperation(entry, request), ct);
    }

    /// <inheritdoc/>
    /// <remarks>Some thousands of entries in each transaction, so that other writers get their turn.</remarks>
    public async ValueTask<IndexTotals> PinAsync(Pin pin, CancellationToken ct)
    {
        pin.Validate();
        return await _writer.RunAsync(new PinOperation(pin, PinState.Applying), ct).ConfigureAwait(false) ?? default;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> UnpinAsync(Pin pin, CancellationToken ct)
    {
        pin.Validate();
        return await _writer.RunAsync(new PinOperation(pin, PinState.Releasing), ct).ConfigureAwait(false) is not null;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Pin>> ListPinsAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        using ReadConnectionPool.Lease lease = _readers.Rent();
        return new ValueTask<IReadOnlyList<Pin>>(PinTable.Read(lease.Reader.Connection).ToList());
    }

    /// <inheritdoc/>
    public ValueTask MarkAsync(EntryKey key, DateTimeOffset at, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ThrowIfDisposed();
        int waiting = _marks.Add(key, at);
        if (waiting == 1)
        {
            _flushTimer.Change(_options.MarkFlushInterval, Timeout.InfiniteTimeSpan);
        }
        else if (waiting >= _options.MarkFlushCount)
        {
            if (waiting >= (long)_options.MarkFlushCount * MarkBound)
            {
                return FlushAsync(ct);
            }

            StartFlush();
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask TouchAsync(EntryKey key, DateTimeOffset validatedAt, CancellationToken ct)
    {
        EntryRules.Validate(key);
        await _writer.RunAsync(new TouchOperation(key, validatedAt), ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<IndexEntry?> DeleteAsync(EntryKey key, long? ifVersion, CancellationToken ct)
    {
        EntryRules.Validate(key);
        return _writer.RunAsync(new DeleteOperation(key, ifVersion), ct);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<IndexEntry>> DeleteKeyAsync(string storeId, string key, CancellationToken ct)
    {
        EntryRules.Validate(new EntryKey(storeId, key));
        return _writer.RunAsync(new DeleteKeyOperation(storeId, key), ct);
    }

    /// <inheritdoc/>
    /// <remarks>Some thousands in each transaction, so that other writers get their turn: readers may see it half done.</remarks>
    public ValueTask<IndexTotals> DeletePrefixAsync(string storeId, string prefix, CancellationToken ct)
    {
        ZarrKey.ValidateStoreId(storeId);
        ZarrKey.ValidatePrefix(prefix);
        return _writer.RunAsync(new DeletePrefixOperation(storeId, prefix), ct);
    }

    /// <inheritdoc/>
    public ValueTask<IndexTotals> GetTotalsAsync(string? storeId, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        using ReadConnectionPool.Lease lease = _readers.Rent();
        return new ValueTask<IndexTotals>(lease.Reader.GetTotals(storeId));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> ListStoresAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        using ReadConnectionPool.Lease lease = _readers.Rent();
        return new ValueTask<IReadOnlyList<string>>(lease.Reader.ListStores());
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Unsorted, by key and by priority it streams at once, along an index. By last access, access count, size and load
    /// duration it sorts first: one pass over all, about a second for a million. By key it is a look-up, which waits for no
    /// writer, as every miss makes one. A consumer may take its time: between
    /// pages no transaction is open.
    /// </remarks>
    public IAsyncEnumerable<IndexEntry> EnumerateAsync(IndexQuery query, CancellationToken ct)
    {
        query.Validate();
        return EnumeratePagesAsync(query with { Prefix = query.Prefix ?? "" }, ct);
    }

    /// <inheritdoc/>
    public async ValueTask FlushAsync(CancellationToken ct) =>
        await _writer.RunAsync(new MarkFlushOperation(), ct).ConfigureAwait(false);

    /// <summary>Writes what waits, ends the writer and closes the file. What is under way is carried out first.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        await _flushTimer.DisposeAsync().ConfigureAwait(false);
        try
        {
            await FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (ZarrCacheException e)
        {
            LogMarksLost(_logger, _file.Path, e); // the order of eviction suffers a little; closing must go on
        }

        _readers.Dispose();
        await _writer.DisposeAsync().ConfigureAwait(false);
        _session.Dispose();
    }

    private async IAsyncEnumerable<IndexEntry> EnumeratePagesAsync(IndexQuery query, [EnumeratorCancellation] CancellationToken ct)
    {
        if (query.Order != IndexOrder.Key)
        {
            await FlushAsync(ct).ConfigureAwait(false);
        }

        using var pages = EntryPages.For(query, _readers);
        var page = new List<IndexEntry>(FirstPage);
        long left = query.Limit ?? long.MaxValue;
        int size = FirstPage;
        bool more = left > 0;
        while (more)
        {
            ct.ThrowIfCancellationRequested();
            page.Clear();
            using (ReadConnectionPool.Lease lease = _readers.Rent())
            {
                more = pages.Read(lease.Reader, page, (int)Math.Min(size, left));
            }

            left -= page.Count;
            more &= left > 0;
            size = LaterPages;
            foreach (IndexEntry entry in page)
            {
                yield return entry;
            }
        }
    }

    /// <summary>Goes on with pins in the middle of which a process ended; later writes wait their turn behind the first step.</summary>
    [SuppressMessage("Usage", "VSTHRD100", Justification = "Nobody waits for it; every failure is logged.")]
    private async void FinishPins()
    {
        try
        {
            IReadOnlyList<(Pin Pin, PinState State)> pins;
            using (ReadConnectionPool.Lease lease = _readers.Rent())
            {
                pins = PinTable.ReadAll(lease.Reader.Connection);
            }

            foreach ((Pin pin, PinState state) in pins.Where(pin => pin.State != PinState.Applied))
            {
                await _writer.RunAsync(new PinOperation(pin, state, resume: true), CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is ZarrCacheException or ObjectDisposedException)
        {
            LogPinsNotFinished(_logger, _file.Path, e);
        }
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
            LogMarksNotFlushed(_logger, _file.Path, e);
            _flushTimer.Change(_options.MarkFlushInterval, Timeout.InfiniteTimeSpan);
        }
        finally
        {
            Volatile.Write(ref _flushing, 0);
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) == 1, this);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Accesses could not be written to the index {Path}; they wait for the next flush.")]
    private static partial void LogMarksNotFlushed(ILogger logger, string path, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The last accesses could not be written to the index {Path} when it was closed.")]
    private static partial void LogMarksLost(ILogger logger, string path, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Pins of the index {Path} could not be applied to all entries; it is tried again when it is opened next.")]
    private static partial void LogPinsNotFinished(ILogger logger, string path, Exception exception);
}
