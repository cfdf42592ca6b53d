using System.Buffers;
using System.Runtime.CompilerServices;

namespace ZarrCache;

/// <summary>
/// The way to an origin: closed while the store is offline, and watched, so that what is cached and past its time can be
/// served at once as long as the origin is known to be out of reach. Thread-safe. Does not dispose of the origin.
/// </summary>
internal sealed class OriginGate(IZarrStore origin, string storeId, CachedStoreOptions options) : ForwardingZarrStore(origin)
{
    private readonly TimeProvider _time = options.TimeProvider;

    /// <summary>The timestamp of the last failure, or of the last attempt since; 0 while the origin answers.</summary>
    private long _downSince;

    /// <summary>Whether nothing is asked of the origin.</summary>
    public bool IsOffline { get; set; } = options.Offline;

    /// <summary>
    /// Whether to ask the origin about what is cached: not offline, and not within <see cref="CachedStoreOptions.OriginRetryInterval"/>
    /// of its last failure. After that one caller is told to, and the others go on without it until he knows.
    /// </summary>
    public bool ShouldAsk()
    {
        if (IsOffline)
        {
            return false;
        }

        long since = Interlocked.Read(ref _downSince);
        return since == 0
            || (_time.GetElapsedTime(since) >= options.OriginRetryInterval && Interlocked.CompareExchange(ref _downSince, Now(), since) == since);
    }

    public override ValueTask<ReadResult> GetAsync(string key, ReadOptions read, CancellationToken ct) =>
        WatchAsync(key, () => Inner.GetAsync(key, read, ct), ct);

    public override ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, CancellationToken ct) =>
        WatchAsync(key, () => Inner.SetAsync(key, value, ct), ct);

    public override ValueTask<bool> EraseAsync(string key, CancellationToken ct) =>
        WatchAsync(key, () => Inner.EraseAsync(key, ct), ct);

    public override async ValueTask ErasePrefixAsync(string prefix, CancellationToken ct) =>
        await WatchAsync(
            prefix,
            async () =>
            {
                await Inner.ErasePrefixAsync(prefix, ct).ConfigureAwait(false);
                return true;
            },
            ct).ConfigureAwait(false);

    public override IAsyncEnumerable<string> ListPrefixAsync(string prefix, CancellationToken ct) => List(prefix, Inner.ListPrefixAsync(prefix, ct), ct);

    public override IAsyncEnumerable<string> ListDirAsync(string prefix, CancellationToken ct) => List(prefix, Inner.ListDirAsync(prefix, ct), ct);

    private async IAsyncEnumerable<string> List(string prefix, IAsyncEnumerable<string> keys, [EnumeratorCancellation] CancellationToken ct)
    {
        ThrowIfOffline(prefix);
        await foreach (string key in keys.WithCancellation(ct).ConfigureAwait(false))
        {
            yield return key;
        }
    }

    private async ValueTask<T> WatchAsync<T>(string key, Func<ValueTask<T>> ask, CancellationToken ct)
    {
        ThrowIfOffline(key);
        try
        {
            T answer = await ask().ConfigureAwait(false);
            Interlocked.Exchange(ref _downSince, 0);
            return answer;
        }
        catch (Exception exception) when (OriginFailure.IsUnavailable(exception) && !ct.IsCancellationRequested)
        {
            Interlocked.Exchange(ref _downSince, Now());
            throw new OriginUnavailableException($"The origin of store '{storeId}' cannot be reached for '{key}': {exception.Message}", exception);
        }
    }

    private void ThrowIfOffline(string key)
    {
        if (IsOffline)
        {
            throw new OriginUnavailableException($"Store '{storeId}' is offline, and '{key}' needs its origin: it is not cached, or not all of it, or is to be listed or written. Warm the cache while the origin can be reached, or switch {nameof(CachedStoreOptions.Offline)} off.");
        }
    }

    /// <summary>Never 0, which stands for an origin that answers.</summary>
    private long Now() => Math.Max(1, _time.GetTimestamp());
}
