using System.Buffers;
using Microsoft.Extensions.Logging.Abstractions;

namespace ZarrCache;

/// <summary>
/// A store that is read through a cache: what is cached is served from there, what is not is fetched from the origin once,
/// however many ask for it at a time, and cached behind the readers' backs. Writes go to the origin, then
/// to the cache. Thread-safe. Owns neither the origin nor the cache, which outlive it.
/// </summary>
/// <remarks>
/// Use one instance for a store id in a process: fetches that are under way are known to their instance alone, so that a
/// write through another one would not keep them out of the cache.
/// </remarks>
public sealed class CachedStore : IZarrStore
{
    /// <summary>How far ahead of the clock a confirmation may lie, because two machines' clocks differ, and be trusted.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    private readonly IZarrStore _origin;
    private readonly ICacheStorage _storage;
    private readonly CachedStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly CachedStoreCounter _counter;
    private readonly Fetcher _fetcher;
    private volatile bool _disposed;

    /// <summary>A cached view of <paramref name="origin"/>.</summary>
    /// <param name="origin">The slow store.</param>
    /// <param name="storeId">Its name in the cache, which is the same in every process that shares the cache.</param>
    /// <param name="storage">The cache.</param>
    /// <param name="options">Times to live and the rest; null for the defaults.</param>
    /// <exception cref="ArgumentException">The id is none, or an option is out of its range.</exception>
    public CachedStore(IZarrStore origin, string storeId, ICacheStorage storage, CachedStoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(origin);
        ArgumentNullException.ThrowIfNull(storage);
        ZarrKey.ValidateStoreId(storeId);
        _options = options ?? new CachedStoreOptions();
        _options.Validate();
        _origin = origin;
        _storage = storage;
        StoreId = storeId;
        _time = _options.TimeProvider;
        _counter = new CachedStoreCounter(_time);
        _fetcher = new Fetcher(origin, storeId, storage, _options, _counter, _options.Logger ?? NullLogger.Instance);
    }

    /// <summary>The store's name in the cache.</summary>
    public string StoreId { get; }

    /// <summary>What this did since it was made. A snapshot.</summary>
    public CachedStoreStatistics Statistics => _counter.Snapshot();

    /// <inheritdoc/>
    public async ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ZarrKey.Validate(key);
        long started = _time.GetTimestamp();
        while (true)
        {
            CacheHit? hit = await GetCachedAsync(key, options.Range, ct).ConfigureAwait(false);
            if (hit is not null && IsFresh(hit.Entry))
            {
                return await AnswerAsync(hit, options, started).ConfigureAwait(false);
            }

            if (hit is null && !options.Range.IsAll)
            {
                return await PassThroughAsync(key, options, ct).ConfigureAwait(false);
            }

            if (await FetchAsync(key, hit, options, started, ct).ConfigureAwait(false) is { } result)
            {
                return result;
            }
        }
    }

    /// <summary>Writes to the origin, then replaces what is cached; what was not cached is not added.</summary>
    /// <exception cref="ZarrCacheException">The origin failed; or it has the value, but the cache could not drop the old one.</exception>
    /// <inheritdoc/>
    public async ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ZarrKey.Validate(key);
        IndexEntry? before = await _storage.FindAsync(StoreId, key, ct).ConfigureAwait(false);
        using SharedBuffer? copy = before is { Kind: EntryKind.Value } || ZarrKey.IsMetadata(key) ? SharedBuffer.Copy(value) : null;
        long started = _time.GetTimestamp();
        ObjectInfo info;
        try
        {
            await _fetcher.SupersedeAsync(key).ConfigureAwait(false);
            info = await _origin.SetAsync(key, value, ct).ConfigureAwait(false);
        }
        finally
        {
            // Also after a failure: nobody knows what the origin has now.
            await ForgetAsync(key, copy).ConfigureAwait(false);
        }

        if (before is { Kind: EntryKind.Value })
        {
            await _storage.PutAsync(
                new CacheItem { StoreId = StoreId, Key = key, Info = info, Bytes = copy, LoadDuration = _time.GetElapsedTime(started), FetchedAt = _time.GetUtcNow() },
                CancellationToken.None).ConfigureAwait(false);
        }

        return info;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> EraseAsync(string key, CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ZarrKey.Validate(key);
        try
        {
            await _fetcher.SupersedeAsync(key).ConfigureAwait(false);
            return await _origin.EraseAsync(key, ct).ConfigureAwait(false);
        }
        finally
        {
            await ForgetAsync(key, null).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask ErasePrefixAsync(string prefix, CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ZarrKey.ValidatePrefix(prefix);
        try
        {
            await _fetcher.SupersedePrefixAsync(prefix).ConfigureAwait(false);
            await _origin.ErasePrefixAsync(prefix, ct).ConfigureAwait(false);
        }
        finally
        {
            await _fetcher.SupersedePrefixAsync(prefix).ConfigureAwait(false);
            await _storage.DeletePrefixAsync(StoreId, prefix, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Asks the origin: listings are not cached.</summary>
    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListPrefixAsync(string prefix, CancellationToken ct) => _origin.ListPrefixAsync(prefix, ct);

    /// <summary>Asks the origin: listings are not cached.</summary>
    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListDirAsync(string prefix, CancellationToken ct) => _origin.ListDirAsync(prefix, ct);

    /// <summary>Takes no more reads; those that have begun go on. The origin and the cache stay open.</summary>
    public ValueTask DisposeAsync()
    {
        _disposed = true;
        return ValueTask.CompletedTask;
    }

    /// <summary>The rest of a hit whose bytes turned out bad: the origin's, if they are of the same version.</summary>
    /// <param name="hit">The hit.</param>
    /// <param name="offset">The first byte wanted, in the object.</param>
    /// <param name="length">How many.</param>
    /// <param name="continues">Whether bytes before were given away already, so that the versions must be known to be one.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="ObjectChangedException">The origin has another version.</exception>
    internal async ValueTask<ReadResult> ReadRestAsync(CacheHit hit, long offset, long length, bool continues, CancellationToken ct)
    {
        string key = hit.Entry.Key;
        ReadResult? rest = null;
        while (rest is null)
        {
            // Without conditions; should it join a fetch that asks for a confirmation only, it comes round again.
            var options = new ReadOptions(ByteRange.Slice(offset, length));
            rest = await FetchAsync(key, null, options, _time.GetTimestamp(), ct).ConfigureAwait(false);
        }

        if (rest.Status == ReadStatus.Found && rest.Length == length && (continues ? hit.Info.IsSameVersion(rest.Info) : hit.Info.MayBeSameVersion(rest.Info)))
        {
            return rest;
        }

        await rest.DisposeAsync().ConfigureAwait(false);
        throw new ObjectChangedException(key);
    }

    private async ValueTask<CacheHit?> GetCachedAsync(string key, ByteRange range, CancellationToken ct)
    {
        try
        {
            return await _storage.GetAsync(StoreId, key, range, ct).ConfigureAwait(false);
        }
        catch (RangeNotSatisfiableException)
        {
            IndexEntry? entry = await _storage.FindAsync(StoreId, key, ct).ConfigureAwait(false);
            if (entry is not null && IsFresh(entry))
            {
                throw;
            }

            return null;
        }
    }

    private bool IsFresh(IndexEntry entry)
    {
        TimeSpan limit = entry.Kind == EntryKind.Absent ? _options.AbsentTimeToLive
            : ZarrKey.IsMetadata(entry.Key) ? _options.MetadataTimeToLive
            : _options.ChunkTimeToLive;
        if (limit == Timeout.InfiniteTimeSpan)
        {
            return true;
        }

        TimeSpan age = _time.GetUtcNow() - entry.ValidatedAt;
        return age < limit && age > -ClockSkew;
    }

    private async ValueTask<ReadResult> AnswerAsync(CacheHit hit, ReadOptions options, long started)
    {
        ReadStatus status = hit.Status == ReadStatus.Absent ? ReadStatus.Absent : options.Evaluate(hit.Info);
        if (status == ReadStatus.Found)
        {
            _counter.AddHit();
            return new HitResult(this, hit, _counter, started);
        }

        if (status == ReadStatus.Absent)
        {
            _counter.AddAbsentHit();
        }
        else
        {
            _counter.AddHit();
        }

        ObjectInfo info = hit.Info;
        await hit.DisposeAsync().ConfigureAwait(false);
        return ReadResult.WithoutBytes(status, info);
    }

    /// <summary>Asks the origin, together with whoever else wants the key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="stale">What is cached and past its time; given away or disposed of here.</param>
    /// <param name="options">What the caller wants of it.</param>
    /// <param name="started">When the caller's read began.</param>
    /// <param name="ct">Gives up waiting, and leaves the others alone.</param>
    /// <returns>Null if what was confirmed is not what this caller holds: then it must look again.</returns>
    private async ValueTask<ReadResult?> FetchAsync(string key, CacheHit? stale, ReadOptions options, long started, CancellationToken ct)
    {
        Fetch? fetch = _fetcher.Join(key, stale?.Entry);
        try
        {
            FetchHead head = await fetch.Head.WaitAsync(ct).ConfigureAwait(false);
            if (head.Status == ReadStatus.NotModified)
            {
                if (stale?.Entry.Version != fetch.Stale!.Version)
                {
                    return null;
                }

                CacheHit confirmed = stale;
                stale = null;
                return await AnswerAsync(confirmed, options, started).ConfigureAwait(false);
            }

            if (head.IsTooLarge)
            {
                return await PassThroughAsync(key, options, ct).ConfigureAwait(false);
            }

            _counter.AddMiss();
            ReadStatus status = head.Status == ReadStatus.Found ? options.Evaluate(head.Info) : head.Status;
            if (status != ReadStatus.Found)
            {
                return ReadResult.WithoutBytes(status, head.Info);
            }

            (long offset, long length) = options.Range.Resolve(key, head.Info.Size);
            var result = new FetchResult(fetch, head.Info, offset, length, _counter, started);
            fetch = null;
            return result;
        }
        finally
        {
            fetch?.Leave();
            if (stale is not null)
            {
                await stale.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>A read that is not cached: a part of what is not cached whole, or an object too large to be held in memory.</summary>
    private async ValueTask<ReadResult> PassThroughAsync(string key, ReadOptions options, CancellationToken ct)
    {
        _counter.AddMiss();
        _counter.AddOriginRequest();
        ReadResult result = await _origin.GetAsync(key, options, ct).ConfigureAwait(false);
        _counter.AddOriginBytes(result.Length);
        return result;
    }

    /// <summary>Drops what is cached of a key that was written, and below its node if it is a metadata document that changed.</summary>
    private async ValueTask ForgetAsync(string key, SharedBuffer? document)
    {
        await _fetcher.SupersedeAsync(key).ConfigureAwait(false);
        if (ZarrKey.IsMetadata(key))
        {
            await _fetcher.DropBelowChangedNodeAsync(key, document, null).ConfigureAwait(false);
        }

        await _storage.DeleteAsync(StoreId, key, CancellationToken.None).ConfigureAwait(false);
    }
}
