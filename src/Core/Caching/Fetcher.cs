using System.Buffers;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ZarrCache;

/// <summary>
/// Fetches objects of one store, and ranges of them, from its origin, each once for all who ask at a time, and hands them
/// to the cache: to the cache first, then to who waits for the last byte, so that whoever comes after finds them there.
/// </summary>
internal sealed partial class Fetcher(IZarrStore origin, string storeId, ICacheStorage storage, CachedStoreOptions options, CachedStoreCounter counter, ILogger logger)
{
    private readonly ILogger _logger = logger;
    private readonly Fetches _fetches = new();

    /// <summary>
    /// Joins any fetch of a key, or begins one of a range: for a caller who does not know the object, and learns of it by
    /// the head. The caller is a waiter of it.
    /// </summary>
    public Fetch Join(string key, ByteRange range, IndexEntry? stale, bool lookAgain) =>
        Start(_fetches.JoinOrAdd(key, _ => true, _ => new Fetch(key, Limit(range), stale, null, lookAgain)));

    /// <summary>
    /// Joins a fetch that brings a byte of a known object, or begins one of [<paramref name="start"/>, <paramref name="end"/>), which has it,
    /// less what is under way around it. The caller is a waiter of it.
    /// </summary>
    public Fetch JoinAt(string key, in ObjectInfo info, long offset, long start, long end, bool lookAgain)
    {
        ObjectInfo known = info;
        if (end - start > options.MaxPart)
        {
            (start, end) = (offset, Math.Min(end, offset + options.MaxPart));
        }

        return Start(_fetches.JoinOrAdd(
            key,
            fetch => Extent(fetch, known.Size) is var extent && offset >= extent.Start && offset < extent.End,
            others =>
            {
                foreach (Fetch other in others)
                {
                    (long otherStart, long otherEnd) = Extent(other, known.Size);
                    start = otherEnd <= offset ? Math.Max(start, otherEnd) : start;
                    end = otherStart > offset ? Math.Min(end, otherStart) : end;
                }

                return new Fetch(key, ByteRange.Slice(start, end - start), null, known.HasStrongValidator ? known : null, lookAgain);
            }));
    }

    /// <summary>A key is being written: see <see cref="Fetch.SupersedeAsync"/>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="claim">The write's own claim to the cache, which is known from now on and not superseded; null if it will cache nothing.</param>
    public Task SupersedeAsync(string key, Fetch? claim = null) => Task.WhenAll(_fetches.RemoveOthers(key, claim).Select(fetch => fetch.SupersedeAsync()));

    /// <summary>The write is over.</summary>
    public void EndWrite(Fetch claim) => _fetches.Remove(claim);

    /// <summary>The keys of a prefix are being written or dropped.</summary>
    public Task SupersedePrefixAsync(string prefix) =>
        Task.WhenAll(_fetches.RemoveAll(fetch => fetch.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(fetch => fetch.SupersedeAsync()));

    /// <summary>
    /// Drops what is cached below the node of a metadata document, if the document is not what was cached before.
    /// </summary>
    /// <param name="key">The document.</param>
    /// <param name="document">Its bytes now; null if it does not exist.</param>
    /// <param name="own">The fetch that brought it, which is not superseded; null if it was written.</param>
    public async Task DropBelowChangedNodeAsync(string key, SharedBuffer? document, Fetch? own)
    {
        IndexEntry? before = await storage.FindAsync(storeId, key, CancellationToken.None).ConfigureAwait(false);
        bool same = before is null || (before.Kind == EntryKind.Absent
            ? document is null
            : document is not null && before.Checksums == BlockChecksums.Compute(document.Bytes));
        if (same)
        {
            return;
        }

        string node = ZarrKey.NodePrefix(key);
        LogNodeChanged(storeId, key, node);
        List<Fetch> below = _fetches.RemoveAll(fetch => fetch != own && fetch.Key.StartsWith(node, StringComparison.Ordinal));
        Task[] storing = [.. below.Select(fetch => (fetch.Key, Storing: fetch.SupersedeAsync()))

            // Two documents of a node that change at once would wait for each other: only chunks are waited for.
            .Where(fetch => !ZarrKey.IsMetadata(fetch.Key)).Select(fetch => fetch.Storing)];
        await Task.WhenAll(storing).ConfigureAwait(false);
        await storage.DeletePrefixAsync(storeId, node, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Drops what is cached of a key that is another object by now. What fails there fails there: the next read finds out again.</summary>
    public async Task DropAsync(string key)
    {
        try
        {
            await storage.DeleteAsync(storeId, key, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            LogDropFailed(exception, storeId, key);
        }
    }

    private Fetch Start((Fetch Fetch, bool IsNew) joined)
    {
        if (joined.IsNew)
        {
            _ = RunAsync(joined.Fetch);
        }

        return joined.Fetch;
    }

    /// <summary>A range that is longer than a part is asked for by its first part, if it is known where that begins; behind the last byte that there can be, none does.</summary>
    private ByteRange Limit(ByteRange range) =>
        !range.IsAll && range.Start is { } start and < long.MaxValue && (!range.TryResolve(long.MaxValue, out _, out long length) || length > options.MaxPart)
            ? ByteRange.Slice(start, Math.Min(options.MaxPart, long.MaxValue - start))
            : range;

    /// <summary>Which bytes of an object of <paramref name="size"/> bytes a fetch brings, or will bring when its head has come; an empty run for none.</summary>
    private (long Start, long End) Extent(Fetch fetch, long size)
    {
        if (fetch.Head.IsCompletedSuccessfully)
        {
            FetchHead head = fetch.Head.Result;
            return head.Outcome == FetchOutcome.Found ? (head.Offset, head.Offset + head.Length) : default;
        }

        return fetch.Range.TryResolve(size, out long start, out long length)
            ? (start, start + (fetch.Range.IsAll && size <= options.MaxWholeObject ? length : Math.Min(length, options.MaxPart)))
            : default;
    }

    private async Task RunAsync(Fetch fetch)
    {
        Exception? failure = null;
        using Activity? activity = ZarrCacheInstruments.StartFetch(storeId, fetch);
        IAsyncDisposable? turn = null;
        try
        {
            if (fetch.LooksAgain && fetch.Stale is null)
            {
                var place = new EntryKey(storeId, fetch.Key, fetch.Range.IsAll ? EntryKey.Whole : fetch.Range.Start ?? long.MaxValue);
                turn = await storage.BeginFetchAsync(place, () => IsCachedAsync(fetch), fetch.Abandoned).ConfigureAwait(false);
                if (turn is null)
                {
                    End(fetch, new FetchHead(FetchOutcome.Cached));
                    return;
                }
            }

            long started = options.TimeProvider.GetTimestamp();
            counter.AddOriginRequest();
            ReadResult result = await origin.GetAsync(fetch.Key, GetOptions(fetch), fetch.Abandoned).ConfigureAwait(false);
            TimeSpan latency = options.TimeProvider.GetElapsedTime(started);
            counter.AddOriginAnswer(latency);
            ZarrCacheInstruments.AddOriginAnswer(storeId, latency);
            await using (result.ConfigureAwait(false))
            {
                await TakeAsync(fetch, result, started).ConfigureAwait(false);
            }
        }
        catch (RangeNotSatisfiableException) when (fetch.Expected is not null && !fetch.Head.IsCompleted)
        {
            // The known object has these bytes: so it is another one by now, of which the origin told before it looked at conditions.
            await EndChangedAsync(fetch).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (!fetch.Abandoned.IsCancellationRequested)
        {
            failure = new StoreException($"The origin of store '{storeId}' gave up the read of '{fetch.Key}'.", exception);
        }
        catch (Exception exception)
        {
            failure = exception;
        }
        finally
        {
            if (failure is not null && !fetch.Abandoned.IsCancellationRequested)
            {
                counter.AddOriginFailure();
                activity?.SetStatus(ActivityStatusCode.Error, failure.Message);
            }

            _fetches.Remove(fetch);
            fetch.End(failure);
            if (turn is not null)
            {
                await turn.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Whether another fetch brought what this one is for, after its caller looked and before this one was begun.</summary>
    private async ValueTask<bool> IsCachedAsync(Fetch fetch) =>
        await storage.FindAsync(storeId, fetch.Key, fetch.Abandoned).ConfigureAwait(false) is not null
        || await storage.FindPartsAsync(storeId, fetch.Key, fetch.Range, fetch.Abandoned).ConfigureAwait(false) is { Parts.Count: > 0 };

    private static ReadOptions GetOptions(Fetch fetch) =>
        fetch.Stale is { Kind: EntryKind.Value } stale
            ? new ReadOptions(fetch.Range, IfNoneMatch: stale.ETag, IfModifiedSince: stale.LastModified, AcceptWhole: true)
            : new ReadOptions(fetch.Range, IfMatch: fetch.Expected?.StrongETag, AcceptWhole: true);

    private async Task TakeAsync(Fetch fetch, ReadResult result, long started)
    {
        switch (result.Status)
        {
            case ReadStatus.NotModified when fetch.Stale is { } stale:
                counter.AddRevalidation();
                await fetch.StoreAsync(() => storage.TouchAsync(stale, options.TimeProvider.GetUtcNow(), CancellationToken.None).AsTask()).ConfigureAwait(false);
                End(fetch, new FetchHead(FetchOutcome.Confirmed));
                break;

            case ReadStatus.Absent:
                await fetch.StoreAsync(() => StoreAsync(fetch, EntryKind.Absent, null, default, started)).ConfigureAwait(false);
                End(fetch, new FetchHead(FetchOutcome.Absent));
                break;

            case ReadStatus.PreconditionFailed when fetch.Expected is not null:
            case ReadStatus.Found when fetch.Expected is { } expected && !expected.IsSameVersion(result.Info):
                await EndChangedAsync(fetch).ConfigureAwait(false);
                break;

            case ReadStatus.Found:
                await TakeBytesAsync(fetch, result, started).ConfigureAwait(false);
                break;

            default:
                throw new StoreException($"The origin of store '{storeId}' answered {result.Status} for '{fetch.Key}', which was not asked.");
        }
    }

    /// <summary>Takes the whole object if it came and is not too large; else the range that was asked for, or the first part of it.</summary>
    private async Task TakeBytesAsync(Fetch fetch, ReadResult result, long started)
    {
        (long offset, long length) = fetch.Range.Resolve(fetch.Key, result.Info.Size);
        bool whole = result.Offset == 0 && result.Length == result.Info.Size;
        if (!whole && (result.Offset, result.Length) != (offset, length))
        {
            throw new StoreException(
                $"The origin of store '{storeId}' answered a read of {length} bytes of '{fetch.Key}' from {offset} on with {result.Length} bytes from {result.Offset} on.");
        }

        EntryKind kind = whole && result.Length <= options.MaxWholeObject ? EntryKind.Value : EntryKind.Part;
        (offset, length) = kind == EntryKind.Value ? (0, result.Length) : (offset, Math.Min(length, options.MaxPart));
        await SkipAsync(result, offset - result.Offset, fetch.Abandoned).ConfigureAwait(false);

        if (fetch.Stale is not null && kind == EntryKind.Part)
        {
            // Before the head is known: who reads on behind this part looks into the cache again, and must not find the older value there.
            await fetch.StoreAsync(() => DropAsync(fetch.Key)).ConfigureAwait(false);
        }

        SharedBuffer buffer = SharedBuffer.Rent(length);
        fetch.Begin(new FetchHead(FetchOutcome.Found, result.Info, offset, length), buffer);
        for (long position = 0; position < length;)
        {
            int count = await result.ReadSomeAsync(buffer.GetBlockFrom(position), fetch.Abandoned).ConfigureAwait(false);
            counter.AddOriginBytes(count);
            position += count;
            if (position < length)
            {
                fetch.Advance(position);
            }
        }

        await fetch.StoreAsync(() => StoreAsync(fetch, kind, buffer, result.Info, started, offset)).ConfigureAwait(false);
        _fetches.Remove(fetch);
        fetch.Advance(length);
    }

    /// <summary>Reads what lies before the bytes that are wanted, of an object that came whole and is too large to be kept whole.</summary>
    private async ValueTask SkipAsync(ReadResult result, long count, CancellationToken ct)
    {
        if (count == 0)
        {
            return;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(count, 64 * 1024));
        try
        {
            while (count > 0)
            {
                int read = await result.ReadSomeAsync(buffer.AsMemory(0, (int)Math.Min(count, buffer.Length)), ct).ConfigureAwait(false);
                counter.AddOriginBytes(read);
                count -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task EndChangedAsync(Fetch fetch)
    {
        await fetch.StoreAsync(() => DropAsync(fetch.Key)).ConfigureAwait(false);
        End(fetch, new FetchHead(FetchOutcome.Changed));
    }

    private void End(Fetch fetch, FetchHead head)
    {
        _fetches.Remove(fetch);
        fetch.Begin(head);
    }

    /// <summary>Hands a value, a part or an absence to the cache. What fails there fails there.</summary>
    private async Task StoreAsync(Fetch fetch, EntryKind kind, SharedBuffer? bytes, ObjectInfo info, long started, long offset = 0)
    {
        TimeSpan duration = options.TimeProvider.GetElapsedTime(started);
        try
        {
            if (kind != EntryKind.Part && ZarrKey.IsMetadata(fetch.Key))
            {
                await DropBelowChangedNodeAsync(fetch.Key, bytes, fetch).ConfigureAwait(false);
            }

            bool wanted = bytes is null || options.Filter?.Invoke(storeId, fetch.Key, bytes.Length, duration) != false;
            var item = new CacheItem
            {
                StoreId = storeId,
                Key = fetch.Key,
                Kind = kind,
                Offset = kind == EntryKind.Part ? offset : 0,
                Info = info,
                Bytes = bytes,
                LoadDuration = duration,
                FetchedAt = options.TimeProvider.GetUtcNow(),
            };
            if (fetch.Stale is not null && !wanted)
            {
                await storage.DeleteAsync(storeId, fetch.Key, CancellationToken.None).ConfigureAwait(false);
            }

            if (wanted && !await storage.PutAsync(item, fetch.Abandoned).ConfigureAwait(false) && fetch.Stale is not null)
            {
                await storage.DeleteAsync(storeId, fetch.Key, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            LogStoreFailed(exception, storeId, fetch.Key);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "'{Key}' of store '{StoreId}' is not what was cached; what is cached below '{Node}' is dropped.")]
    private partial void LogNodeChanged(string storeId, string key, string node);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What is cached of '{Key}' of store '{StoreId}' is another version than the origin's, but could not be dropped.")]
    private partial void LogDropFailed(Exception exception, string storeId, string key);

    [LoggerMessage(Level = LogLevel.Warning, Message = "'{Key}' of store '{StoreId}' was read from the origin, but could not be handed to the cache.")]
    private partial void LogStoreFailed(Exception exception, string storeId, string key);
}
