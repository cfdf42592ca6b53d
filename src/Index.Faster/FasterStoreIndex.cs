using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ZarrCache.Index.Faster;

/// <summary>
/// An index of tens of millions of keys in one process: records in a log of Microsoft.FASTER.Core of which a fixed part is in
/// memory, and a hash table over it. Push, pop, find and mark cost the same whatever the number of keys. See the README for what
/// it costs, what it gives up of the order of pops, what a crash loses, and when to choose another.
/// </summary>
/// <remarks>
/// Thread-safe. Calls complete at once as long as the records that they need are in memory; one that needs a record on disk
/// waits for it on the caller's thread. A completed write is seen by every later call of this instance, and survives the process
/// with the next checkpoint: every <see cref="FasterStoreIndexOptions.CheckpointInterval"/>, on <see cref="FlushAsync"/>, and
/// when the index is disposed of.
/// </remarks>
public sealed partial class FasterStoreIndex : IStoreIndex, IFindsFirstPart
{
    private readonly string _path;
    private readonly ILogger _logger;
    private readonly IndexFailures _failures;
    private readonly DirectoryLock? _lock;
    private readonly LogStore _log;
    private readonly IndexState _state;
    private readonly EntryRecords _records;
    private readonly EntryQueries _queries;
    private readonly Evictions _evictions;
    private readonly Checkpointer _checkpointer;
    private readonly Maintenance _maintenance;
    private int _disposed;

    /// <summary>Opens the index in a directory of its own, or makes it, with the defaults.</summary>
    /// <inheritdoc cref="FasterStoreIndex(string, FasterStoreIndexOptions)"/>
    public FasterStoreIndex(string directory)
        : this(directory, new FasterStoreIndexOptions())
    {
    }

    /// <summary>Opens the index in a directory of its own, or makes it.</summary>
    /// <param name="directory">The directory, on a local disk.</param>
    /// <param name="options">How it works.</param>
    /// <exception cref="ArgumentException">The path is empty, or an option is out of range; the message names it.</exception>
    /// <exception cref="CacheFormatException">A newer version wrote it, or it is damaged and must not be made anew.</exception>
    /// <exception cref="ZarrCacheException">Another process has it open, which the message names; or it cannot be used.</exception>
    public FasterStoreIndex(string directory, FasterStoreIndexOptions options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _path = Path.GetFullPath(directory);
        _logger = options.Logger ?? NullLogger.Instance;
        var files = new IndexDirectory(_path, options);
        OpenedDirectory opened = files.Open();
        (_lock, _log) = (opened.Lock, opened.Log);
        Condition = opened.Condition;
        IsLookOnly = opened.Lock is null;
        _failures = new IndexFailures(_path, IsLookOnly ? null : files, _logger);
        try
        {
            _state = new IndexState(options.Policy);
            _state.Load(opened.Checkpoint);
            CountFrom(opened.Checkpoint);
            _records = new EntryRecords(_log, _state);
            var scans = new ActiveScans();
            _queries = new EntryQueries(_log, _state, _records, scans, _failures, IsLookOnly ? Path.GetTempPath() : _path);
            _evictions = new Evictions(_log, _state, _records, scans, options.WindowSize);
            _checkpointer = new Checkpointer(_path, _log, _state, options, opened.Checkpoint);
            if (opened.Checkpoint.Policy != _state.Policy.Name && !IsLookOnly)
            {
                _queries.RankAll();
                _checkpointer.Make(close: false);
            }

            _maintenance = new Maintenance(_log, _evictions, _checkpointer, options, IsLookOnly, _failures.Meet);
        }
        catch
        {
            _log.Dispose();
            _lock?.Dispose();
            throw;
        }
    }

    /// <summary>Whether another process has the index open and this is its last checkpoint, which does not change and cannot be changed.</summary>
    public bool IsLookOnly { get; }

    /// <inheritdoc/>
    public IndexCondition Condition { get; }

    /// <inheritdoc/>
    public ValueTask ConfirmSweptAsync(CancellationToken ct) => Work(() =>
    {
        RefuseWrites();
        _checkpointer.Condition = IndexCondition.Clean;
        _checkpointer.Make(close: false);
    }, ct);

    /// <inheritdoc/>
    public ValueTask<IndexEntry?> FindAsync(EntryKey key, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        EntryRules.Validate(key);
        ThrowIfDisposed();
        try
        {
            return new(_records.Find(key));
        }
        catch (Exception e) when (_failures.Translate(e) is { } failure)
        {
            throw failure;
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<IndexEntry>> FindPartsAsync(string storeId, string key, long offset, long length, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        EntryRules.Validate(new EntryKey(storeId, key));
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ThrowIfDisposed();
        long end = length > long.MaxValue - offset ? long.MaxValue : offset + length;
        return new(length == 0 ? [] : _failures.Guard(() => _records.FindParts(storeId, key, offset, end)));
    }

    ValueTask<IndexEntry?> IFindsFirstPart.FindFirstPartAsync(string storeId, string key, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ThrowIfDisposed();
        return new(_failures.Guard(() => _records.FindFirstPart(storeId, key)));
    }

    /// <inheritdoc/>
    public ValueTask<IndexEntry?> PushAsync(IndexEntry entry, CancellationToken ct)
    {
        EntryRules.Validate(entry);
        ct.ThrowIfCancellationRequested();
        RefuseWrites();
        ThrowIfDisposed();
        try
        {
            return new(Push(entry));
        }
        catch (Exception e) when (_failures.Translate(e) is { } failure)
        {
            throw failure;
        }
    }

    /// <inheritdoc/>
    public ValueTask PushManyAsync(ReadOnlyMemory<IndexEntry> entries, CancellationToken ct)
    {
        foreach (IndexEntry entry in entries.Span)
        {
            EntryRules.Validate(entry);
        }

        ThrowIfDisposed();
        RefuseWrites();
        _failures.Guard(() =>
        {
            foreach (IndexEntry entry in entries.Span)
            {
                ct.ThrowIfCancellationRequested();
                Push(entry);
            }

            return true;
        });
        ct.ThrowIfCancellationRequested();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// In the policy's order exactly as long as no more than 4,096 entries may go; else nearly so: see the README. A pop of one
    /// store or one kind walks past the records of the others.
    /// </remarks>
    public ValueTask<IReadOnlyList<IndexEntry>> PopAsync(PopRequest request, CancellationToken ct)
    {
        request.Validate();
        ct.ThrowIfCancellationRequested();
        ThrowIfDisposed();
        RefuseWrites();
        IReadOnlyList<IndexEntry> popped = _failures.Guard(() => _evictions.Pop(request, ct));
        _maintenance.Look();
        return new(popped);
    }

    /// <inheritdoc/>
    public ValueTask<bool> AdmitsAsync(IndexEntry entry, PopRequest request, CancellationToken ct)
    {
        EntryRules.Validate(entry);
        request.Validate();
        ct.ThrowIfCancellationRequested();
        ThrowIfDisposed();
        return new(_state.Policy.AdmitsAll
            || request is { Bytes: 0, Count: 0 }
            || _state.Pins.RetentionOf(entry.StoreId, entry.Key) != Retention.Evictable
            || _failures.Guard(() => _evictions.Admits(entry, request, ct)));
    }

    /// <inheritdoc/>
    public ValueTask MarkAsync(EntryKey key, DateTimeOffset at, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        EntryRules.Validate(key);
        ThrowIfDisposed();
        if (IsLookOnly)
        {
            return ValueTask.CompletedTask;
        }

        try
        {
            _records.Mark(key, at);
            _maintenance.Look();
            return ValueTask.CompletedTask;
        }
        catch (Exception e) when (_failures.Translate(e) is { } failure)
        {
            throw failure;
        }
    }

    /// <inheritdoc/>
    public ValueTask TouchAsync(EntryKey key, DateTimeOffset validatedAt, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        EntryRules.Validate(key);
        RefuseWrites();
        ThrowIfDisposed();
        _failures.Guard(() => _records.Touch(key, validatedAt));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<IndexEntry?> DeleteAsync(EntryKey key, long? ifVersion, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        EntryRules.Validate(key);
        RefuseWrites();
        ThrowIfDisposed();
        return new(_failures.Guard(() => _records.Delete(key, ifVersion)));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<IndexEntry>> DeleteKeyAsync(string storeId, string key, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        EntryRules.Validate(new EntryKey(storeId, key));
        RefuseWrites();
        ThrowIfDisposed();
        return new(_state.Stores.Find(storeId) is { } store ? _failures.Guard(() => _records.DeleteKey(store, storeId, key)) : []);
    }

    /// <inheritdoc/>
    /// <remarks>One scan of the whole log, whatever the prefix: about a second for two million records in memory, less on disk.</remarks>
    public ValueTask<IndexTotals> DeletePrefixAsync(string storeId, string prefix, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ZarrKey.ValidateStoreId(storeId);
        ZarrKey.ValidatePrefix(prefix);
        RefuseWrites();
        ThrowIfDisposed();
        return new(_state.Stores.Find(storeId) is { } store
            ? _failures.Guard(() => _evictions.Hold(() => new PrefixDeletion(_log, _records, store, storeId, prefix).Run(ct)))
            : default);
    }

    /// <inheritdoc/>
    /// <remarks>The pin holds at once; one scan of the whole log then sums up what is there below it.</remarks>
    public ValueTask<IndexTotals> PinAsync(Pin pin, CancellationToken ct)
    {
        pin.Validate();
        ct.ThrowIfCancellationRequested();
        ThrowIfDisposed();
        RefuseWrites();
        _state.SetPin(pin, pinned: true);
        return new(_failures.Guard(() => _queries.Sum(pin, ct)));
    }

    /// <inheritdoc/>
    /// <remarks>O(1); the next pop begins at the head of the log again.</remarks>
    public ValueTask<bool> UnpinAsync(Pin pin, CancellationToken ct)
    {
        pin.Validate();
        ct.ThrowIfCancellationRequested();
        ThrowIfDisposed();
        RefuseWrites();
        bool known = _state.SetPin(pin, pinned: false);
        _evictions.Reset();
        return new(known);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Pin>> ListPinsAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ThrowIfDisposed();
        return new(_state.Pins.ToList());
    }

    /// <inheritdoc/>
    public ValueTask<IndexTotals> GetTotalsAsync(string? storeId, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ThrowIfDisposed();
        if (storeId is not null)
        {
            return new(_state.Stores.Find(storeId) is { } store ? _log.TotalsOf(store) : default);
        }

        IndexTotals sum = default;
        for (int store = 0; store < _state.Stores.Ids.Length; store++)
        {
            sum += _log.TotalsOf(store);
        }

        return new(sum);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> ListStoresAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ThrowIfDisposed();
        return new([.. _state.Stores.Ids.ToArray().Where((_, store) => _log.TotalsOf(store).Count > 0).Order(Utf8Order.Comparer)]);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Unsorted it streams along the log. Any order sorts first, in bounded memory: with a limit of up to 65,536 only so many are
    /// kept, else runs are written to files in the index's directory and merged.
    /// </remarks>
    public IAsyncEnumerable<IndexEntry> EnumerateAsync(IndexQuery query, CancellationToken ct)
    {
        query.Validate();
        ThrowIfDisposed();
        return _queries.EnumerateAsync(query with { Prefix = query.Prefix ?? "" }, ct);
    }

    /// <summary>Makes a checkpoint: what was written before survives the process.</summary>
    public ValueTask FlushAsync(CancellationToken ct) => Work(() =>
    {
        if (!IsLookOnly)
        {
            _checkpointer.Make(close: false);
        }
    }, ct);

    /// <summary>Makes a last checkpoint and closes the files. What is under way is carried out first.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        await _maintenance.DisposeAsync().ConfigureAwait(false);
        await Task.Run(() =>
        {
            try
            {
                CloseLog();
            }
            catch (ZarrCacheException e)
            {
                LogNotSaved(_logger, _path, e); // the next user finds the checkpoint before, and sweeps
            }

            _log.Dispose();
            _lock?.Dispose();
        }).ConfigureAwait(false);
    }

    private void CloseLog()
    {
        if (!IsLookOnly)
        {
            _checkpointer.Make(close: true);
        }

        using AllKeysScope all = _log.EnterAll();
        _log.Close();
    }

    private IndexEntry? Push(IndexEntry entry)
    {
        IndexEntry? replaced = _records.Push(entry);
        _maintenance.Look();
        return replaced;
    }

    private void CountFrom(Checkpoint checkpoint)
    {
        using KeyScope scope = _log.Enter([]);
        scope.Session.CountBytes(checkpoint.Log.LiveBytes);
        for (int store = 0; store < checkpoint.Stores.Count; store++)
        {
            scope.Session.Count(store, checkpoint.Stores[store].Totals);
        }
    }

    private ValueTask Work(Action work, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ThrowIfDisposed();
        return new(Task.Factory.StartNew(() => _failures.Guard(work), ct, TaskCreationOptions.LongRunning, TaskScheduler.Default));
    }

    private void RefuseWrites()
    {
        if (IsLookOnly)
        {
            throw new ZarrCacheException($"The index '{_path}' is in use by {DirectoryLock.HolderOf(_path)}; it can be looked at, as of its last checkpoint, and not changed.");
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) == 1, this);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The last checkpoint of the index {Path} could not be written when it was closed; what came after the one before is lost.")]
    private static partial void LogNotSaved(ILogger logger, string path, Exception exception);
}
