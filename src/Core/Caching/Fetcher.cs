using Microsoft.Extensions.Logging;

namespace ZarrCache;

/// <summary>
/// Fetches whole objects of one store from its origin, each once for all who ask at a time, and hands them to the cache.
/// </summary>
internal sealed partial class Fetcher(IZarrStore origin, string storeId, ICacheStorage storage, CachedStoreOptions options, CachedStoreCounter counter, ILogger logger)
{
    private readonly ILogger _logger = logger;

    /// <summary>Guards <see cref="_fetches"/>.</summary>
    private readonly Lock _lock = new();

    /// <summary>What is under way and may be joined.</summary>
    private readonly Dictionary<string, Fetch> _fetches = new(StringComparer.Ordinal);

    /// <summary>Joins the fetch of a key that is under way, or begins one. The caller is a waiter of it.</summary>
    /// <param name="key">The key.</param>
    /// <param name="stale">What is to be confirmed or replaced, if a fetch is begun; null to fetch without conditions.</param>
    public Fetch Join(string key, IndexEntry? stale)
    {
        Fetch fetch;
        lock (_lock)
        {
            if (_fetches.TryGetValue(key, out Fetch? underWay) && underWay.TryJoin())
            {
                return underWay;
            }

            _fetches[key] = fetch = new Fetch(key, stale);
        }

        _ = RunAsync(fetch);
        return fetch;
    }

    /// <summary>A key is being written: see <see cref="Fetch.SupersedeAsync"/>.</summary>
    public Task SupersedeAsync(string key)
    {
        Fetch? fetch;
        lock (_lock)
        {
            _fetches.Remove(key, out fetch);
        }

        return fetch?.SupersedeAsync() ?? Task.CompletedTask;
    }

    /// <summary>The keys of a prefix are being written or dropped.</summary>
    public Task SupersedePrefixAsync(string prefix) => SupersedeAsync(fetch => fetch.Key.StartsWith(prefix, StringComparison.Ordinal), waitFor: _ => true);

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

        // Two documents of a node that change at once would wait for each other: only chunks are waited for.
        await SupersedeAsync(fetch => fetch != own && fetch.Key.StartsWith(node, StringComparison.Ordinal), waitFor: fetch => !ZarrKey.IsMetadata(fetch.Key)).ConfigureAwait(false);
        await storage.DeletePrefixAsync(storeId, node, CancellationToken.None).ConfigureAwait(false);
    }

    private Task SupersedeAsync(Func<Fetch, bool> which, Func<Fetch, bool> waitFor)
    {
        List<Fetch> fetches;
        lock (_lock)
        {
            fetches = [.. _fetches.Values.Where(which)];
            foreach (Fetch fetch in fetches)
            {
                _fetches.Remove(fetch.Key);
            }
        }

        var storing = new List<Task>();
        foreach (Fetch fetch in fetches)
        {
            Task task = fetch.SupersedeAsync();
            if (waitFor(fetch))
            {
                storing.Add(task);
            }
        }

        return Task.WhenAll(storing);
    }

    private void Forget(Fetch fetch)
    {
        lock (_lock)
        {
            if (_fetches.TryGetValue(fetch.Key, out Fetch? current) && current == fetch)
            {
                _fetches.Remove(fetch.Key);
            }
        }
    }

    private async Task RunAsync(Fetch fetch)
    {
        Exception? failure = null;
        try
        {
            long started = options.TimeProvider.GetTimestamp();
            counter.AddOriginRequest();
            ReadResult result = await origin.GetAsync(fetch.Key, GetConditions(fetch.Stale), fetch.Abandoned).ConfigureAwait(false);
            await using (result.ConfigureAwait(false))
            {
                await TakeAsync(fetch, result, started).ConfigureAwait(false);
            }
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
            Forget(fetch);
            fetch.End(failure);
        }
    }

    private static ReadOptions GetConditions(IndexEntry? stale) =>
        stale is { Kind: EntryKind.Value } ? new ReadOptions(IfNoneMatch: stale.ETag, IfModifiedSince: stale.LastModified) : default;

    /// <summary>Takes the origin's answer: to the cache first, then to the waiters, so that whoever comes after finds it in the cache.</summary>
    private async Task TakeAsync(Fetch fetch, ReadResult result, long started)
    {
        switch (result.Status)
        {
            case ReadStatus.NotModified when fetch.Stale is { } stale:
                counter.AddRevalidation();
                await fetch.StoreAsync(() => storage.TouchAsync(stale, options.TimeProvider.GetUtcNow(), CancellationToken.None).AsTask()).ConfigureAwait(false);
                Forget(fetch);
                fetch.Begin(new FetchHead(ReadStatus.NotModified));
                break;

            case ReadStatus.Absent:
                await fetch.StoreAsync(() => StoreAsync(fetch, null, default, started)).ConfigureAwait(false);
                Forget(fetch);
                fetch.Begin(new FetchHead(ReadStatus.Absent));
                break;

            case ReadStatus.Found when result.Length > options.MaxWholeObject:
                Forget(fetch);
                fetch.Begin(new FetchHead(ReadStatus.Found, result.Info, IsTooLarge: true));
                break;

            case ReadStatus.Found:
                SharedBuffer buffer = SharedBuffer.Rent(result.Length);
                fetch.Begin(new FetchHead(ReadStatus.Found, result.Info), buffer);
                for (long position = 0; position < buffer.Length;)
                {
                    int count = await result.ReadSomeAsync(buffer.GetBlockFrom(position), fetch.Abandoned).ConfigureAwait(false);
                    counter.AddOriginBytes(count);
                    position += count;
                    if (position < buffer.Length)
                    {
                        fetch.Advance(position);
                    }
                }

                await fetch.StoreAsync(() => StoreAsync(fetch, buffer, result.Info, started)).ConfigureAwait(false);
                Forget(fetch);
                fetch.Advance(buffer.Length);
                break;

            default:
                throw new StoreException($"The origin of store '{storeId}' answered {result.Status} for '{fetch.Key}', which was not asked.");
        }
    }

    /// <summary>Hands a value, or an absence, to the cache. What fails there fails there.</summary>
    private async Task StoreAsync(Fetch fetch, SharedBuffer? bytes, ObjectInfo info, long started)
    {
        TimeSpan duration = options.TimeProvider.GetElapsedTime(started);
        try
        {
            if (ZarrKey.IsMetadata(fetch.Key))
            {
                await DropBelowChangedNodeAsync(fetch.Key, bytes, fetch).ConfigureAwait(false);
            }

            if (bytes is not null && options.Filter?.Invoke(storeId, fetch.Key, bytes.Length, duration) == false)
            {
                await ForgetStaleAsync(fetch).ConfigureAwait(false);
                return;
            }

            bool taken = await storage.PutAsync(
                new CacheItem
                {
                    StoreId = storeId,
                    Key = fetch.Key,
                    Kind = bytes is null ? EntryKind.Absent : EntryKind.Value,
                    Info = info,
                    Bytes = bytes,
                    LoadDuration = duration,
                    FetchedAt = options.TimeProvider.GetUtcNow(),
                },
                fetch.Abandoned).ConfigureAwait(false);
            if (!taken)
            {
                await ForgetStaleAsync(fetch).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            LogStoreFailed(exception, storeId, fetch.Key);
        }
    }

    /// <summary>What was cached before is not what the origin has now.</summary>
    private async ValueTask ForgetStaleAsync(Fetch fetch)
    {
        if (fetch.Stale is not null)
        {
            await storage.DeleteAsync(storeId, fetch.Key, CancellationToken.None).ConfigureAwait(false);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "'{Key}' of store '{StoreId}' is not what was cached; what is cached below '{Node}' is dropped.")]
    private partial void LogNodeChanged(string storeId, string key, string node);

    [LoggerMessage(Level = LogLevel.Warning, Message = "'{Key}' of store '{StoreId}' was read from the origin, but could not be handed to the cache.")]
    private partial void LogStoreFailed(Exception exception, string storeId, string key);
}
