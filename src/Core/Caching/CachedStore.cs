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
public sealed partial class CachedStore : IZarrStore
{
    /// <summary>How far ahead of the clock a confirmation may lie, because two machines' clocks differ, and be trusted.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    private readonly OriginGate _origin;
    private readonly CachedStoreOptions _options;
    private readonly TimeProvider _time;
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
        _origin = new OriginGate(origin, storeId, _options);
        Storage = storage;
        StoreId = storeId;
        _time = _options.TimeProvider;
        Counter = new CachedStoreCounter(_time);
        Fetcher = new Fetcher(_origin, storeId, storage, _options, Counter, _options.Logger ?? NullLogger.Instance);
        ZarrCacheInstruments.Stores.Add(this);
    }

    /// <summary>The store's name in the cache.</summary>
    public string StoreId { get; }

    /// <summary>
    /// Whether nothing is asked of the origin: what is cached is served, past its time too and then marked
    /// <see cref="ReadResult.IsStale"/>; what is not is an <see cref="OriginUnavailableException"/>. It may be switched at any time, and holds for requests that begin later.
    /// </summary>
    public bool Offline
    {
        get => _origin.IsOffline;
        set => _origin.IsOffline = value;
    }

    /// <summary>What this did since it was made. A snapshot.</summary>
    public CachedStoreStatistics Statistics => Counter.Snapshot();

    internal ICacheStorage Storage { get; }

    internal CachedStoreCounter Counter { get; }

    internal Fetcher Fetcher { get; }

    /// <exception cref="OriginUnavailableException">It is not cached, and the origin is out of reach or <see cref="Offline"/>.</exception>
    /// <inheritdoc/>
    public async ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ZarrKey.Validate(key);
        long started = _time.GetTimestamp();
        for (bool lookAgain = true; ; lookAgain = false)
        {
            CacheHit? hit = await GetCachedAsync(key, options.Range, ct).ConfigureAwait(false);
            if (hit is not null && IsFresh(hit.Entry))
            {
                return await AnswerAsync(hit, options, started).ConfigureAwait(false);
            }

            if (hit is { Entry.Kind: not EntryKind.Part } && !_origin.ShouldAsk() && MayBeStale)
            {
                return await AnswerAsync(hit, options, started, isStale: true).ConfigureAwait(false);
            }

            if (hit is { Entry.Kind: EntryKind.Part })
            {
                // Parts past their time are confirmed all at once, without their bytes: see ConfirmAsync.
                await hit.DisposeAsync().ConfigureAwait(false);
                hit = null;
            }

            ReadResult? result = hit is null ? await AssembleAsync(key, options, started, ct).ConfigureAwait(false) : null;
            result ??= await FetchAsync(key, hit, options, lookAgain, started, ct).ConfigureAwait(false);
            if (result is not null)
            {
                return result;
            }
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
        ZarrCacheInstruments.Stores.Remove(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>A gap is rounded out to <see cref="CachedStoreOptions.PartAlignment"/>, as far as its neighbours leave room.</summary>
    internal (long Start, long End) AlignGap(long start, long end, long after, long before)
    {
        long unit = _options.PartAlignment;
        long down = start - (start % unit);
        long up = end % unit == 0 || end > long.MaxValue - unit ? end : end + unit - (end % unit);
        return (Math.Max(down, after), Math.Min(up, before));
    }

    /// <summary>A read that is not cached, because nothing tells the versions of the object apart, or its parts cannot be found.</summary>
    internal async ValueTask<ReadResult> PassThroughAsync(string key, ReadOptions options, CancellationToken ct)
    {
        Counter.AddOriginRequest();
        ReadResult result = await _origin.GetAsync(key, options, ct).ConfigureAwait(false);
        Counter.AddOriginBytes(result.Length);
        return result;
    }

    private async ValueTask<CacheHit?> GetCachedAsync(string key, ByteRange range, CancellationToken ct)
    {
        try
        {
            return await Storage.GetAsync(StoreId, key, range, ct).ConfigureAwait(false);
        }
        catch (RangeNotSatisfiableException)
        {
            IndexEntry? entry = await Storage.FindAsync(StoreId, key, ct).ConfigureAwait(false);
            if (entry is not null && await ConfirmAsync(key, entry.Info, [entry], ct).ConfigureAwait(false) != Confirmation.Changed)
            {
                throw;
            }

            // Else what is fetched of the object that it is now would lie beside what it was.
            await Fetcher.DropAsync(key).ConfigureAwait(false);
            return null;
        }
    }

    /// <summary>Whether what is past its time may be served at all.</summary>
    private bool MayBeStale => _options.ServeStaleWhenUnavailable || Offline;

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

    private async ValueTask<ReadResult> AnswerAsync(CacheHit hit, ReadOptions options, long started, bool isStale = false)
    {
        if (isStale)
        {
            Counter.AddStaleHit();
        }

        ReadStatus status = hit.Status == ReadStatus.Absent ? ReadStatus.Absent : options.Evaluate(hit.Info);
        if (status == ReadStatus.Found)
        {
            Counter.AddHit();
            return new HitResult(this, hit, started) { IsStale = isStale, IsCached = true };
        }

        if (status == ReadStatus.Absent)
        {
            Counter.AddAbsentHit();
        }
        else
        {
            Counter.AddHit();
        }

        ObjectInfo info = hit.Info;
        await hit.DisposeAsync().ConfigureAwait(false);
        return ReadResult.WithoutBytes(status, info, isStale, isCached: true);
    }

    /// <summary>Answers with what is cached in parts and what is missing between them; null if there is none, or none that can be trusted.</summary>
    private async ValueTask<ReadResult?> AssembleAsync(string key, ReadOptions options, long started, CancellationToken ct)
    {
        CachedParts? cached = await Storage.FindPartsAsync(StoreId, key, options.Range, ct).ConfigureAwait(false);
        if (cached is null)
        {
            return null;
        }

        // Where no part has a byte of the range the fetch confirms the version, but nothing is fetched of a range that the object does not reach.
        IReadOnlyList<IndexEntry> used = cached.Parts.Count > 0 || options.Range.TryResolve(cached.Info.Size, out _, out _) ? cached.Parts : [cached.Known];
        Confirmation confirmed = cached.AreOneVersion ? await ConfirmAsync(key, cached.Info, used, ct).ConfigureAwait(false) : Confirmation.Changed;
        if (confirmed == Confirmation.Changed)
        {
            await Fetcher.DropAsync(key).ConfigureAwait(false);
            return null;
        }

        bool isStale = confirmed == Confirmation.Unknown;
        ReadStatus status = options.Evaluate(cached.Info);
        if (status != ReadStatus.Found)
        {
            return ReadResult.WithoutBytes(status, cached.Info, isStale, isCached: true);
        }

        (long offset, long length) = options.Range.Resolve(key, cached.Info.Size);
        if (Offline && !cached.Covers(offset, length))
        {
            return null; // and the gate says why
        }

        if (isStale)
        {
            Counter.AddStaleHit();
        }

        return new AssembledResult(this, key, cached.Info, offset, length, cached.Parts, null, started) { IsStale = isStale, IsCached = cached.Covers(offset, length) };
    }

    /// <summary>Asks the origin whether entries past their time are still of its version.</summary>
    private async ValueTask<Confirmation> ConfirmAsync(string key, ObjectInfo info, IReadOnlyList<IndexEntry> entries, CancellationToken ct)
    {
        if (entries.All(IsFresh))
        {
            return Confirmation.Same;
        }

        if (!_origin.ShouldAsk() && MayBeStale)
        {
            return Confirmation.Unknown;
        }

        if (info is { ETag: null, LastModified: null })
        {
            return Confirmation.Changed;
        }

        Counter.AddOriginRequest();
        try
        {
            ReadResult answer = await _origin.GetAsync(key, new ReadOptions(IfNoneMatch: info.ETag, IfModifiedSince: info.LastModified, HeadersOnly: true), ct).ConfigureAwait(false);
            await answer.DisposeAsync().ConfigureAwait(false);
            if (answer.Status != ReadStatus.NotModified)
            {
                return Confirmation.Changed;
            }
        }
        catch (OriginUnavailableException) when (MayBeStale)
        {
            return Confirmation.Unknown;
        }

        Counter.AddRevalidation();
        foreach (IndexEntry entry in entries)
        {
            await Storage.TouchAsync(entry, _time.GetUtcNow(), ct).ConfigureAwait(false);
        }

        return Confirmation.Same;
    }

    /// <summary>Asks the origin, together with whoever else wants the key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="stale">What is cached and past its time; given away or disposed of here.</param>
    /// <param name="options">What the caller wants of it.</param>
    /// <param name="lookAgain">Whether another fetch may have ended since the caller looked into the cache.</param>
    /// <param name="started">When the caller's read began.</param>
    /// <param name="ct">Gives up waiting, and leaves the others alone.</param>
    /// <returns>Null if the caller must look into the cache again.</returns>
    private async ValueTask<ReadResult?> FetchAsync(string key, CacheHit? stale, ReadOptions options, bool lookAgain, long started, CancellationToken ct)
    {
        ByteRange range = stale is not null ? ByteRange.All : Align(options.Range);
        Fetch? fetch = Fetcher.Join(key, range, stale?.Entry, lookAgain);
        try
        {
            FetchHead head;
            try
            {
                head = await fetch.Head.WaitAsync(ct).ConfigureAwait(false);
            }
            catch (OriginUnavailableException) when (stale is not null && MayBeStale)
            {
                CacheHit unconfirmed = stale;
                stale = null;
                return await AnswerAsync(unconfirmed, options, started, isStale: true).ConfigureAwait(false);
            }

            switch (head.Outcome)
            {
                case FetchOutcome.Confirmed when stale is not null && stale.Entry.Version == fetch.Stale!.Version:
                    CacheHit confirmed = stale;
                    stale = null;
                    return await AnswerAsync(confirmed, options, started).ConfigureAwait(false);

                case FetchOutcome.Absent:
                    Counter.AddMiss();
                    return ReadResult.WithoutBytes(ReadStatus.Absent);

                case FetchOutcome.Found:
                    break;

                default:
                    return null;
            }

            ReadStatus status = options.Evaluate(head.Info);
            if (status != ReadStatus.Found)
            {
                Counter.AddMiss();
                return ReadResult.WithoutBytes(status, head.Info);
            }

            (long offset, long length) = options.Range.Resolve(key, head.Info.Size);
            bool bringsAll = length == 0 || (head.Brings(offset) && head.Brings(offset + length - 1));
            if (!bringsAll && !head.Info.HasStrongValidator)
            {
                Counter.AddMiss();
                return await PassThroughAsync(key, options, ct).ConfigureAwait(false);
            }

            FetchResult? first = null;
            if (bringsAll || head.Brings(offset))
            {
                first = new FetchResult(fetch, head, offset, Math.Min(offset + length, head.Offset + head.Length) - offset);
                fetch = null;
            }

            return new AssembledResult(this, key, head.Info, offset, length, [], first, started);
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

    private ByteRange Align(ByteRange range)
    {
        if (range.IsAll || range.Start is not { } start || !range.TryResolve(long.MaxValue, out _, out long length))
        {
            return range;
        }

        (long from, long to) = AlignGap(start, start + length, 0, long.MaxValue);
        return ByteRange.Slice(from, to - from);
    }

    /// <summary>What the origin says of cached entries.</summary>
    private enum Confirmation
    {
        /// <summary>They are of its version.</summary>
        Same,

        /// <summary>They are not, or nothing tells versions apart.</summary>
        Changed,

        /// <summary>It cannot be asked.</summary>
        Unknown,
    }
}
