using Microsoft.Extensions.Logging;

namespace ZarrCache;

/// <summary>Decides whether a value that was fetched is worth caching; called once for each fetch, from any thread.</summary>
/// <param name="storeId">The dataset.</param>
/// <param name="key">The Zarr key.</param>
/// <param name="size">Bytes.</param>
/// <param name="loadDuration">How long the origin took.</param>
public delegate bool StoreItemFilter(string storeId, string key, long size, TimeSpan loadDuration);

/// <summary>How a <see cref="CachedStore"/> trusts what is cached. Checked when the store is made.</summary>
public sealed record CachedStoreOptions
{
    /// <summary>How long a metadata document (see <see cref="ZarrKey.IsMetadata"/>) is served without asking the origin; 10 minutes by default, zero asks every time, <see cref="Timeout.InfiniteTimeSpan"/> never.</summary>
    public TimeSpan MetadataTimeToLive { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The same for chunks; by default never: in Zarr a chunk is not rewritten in place by readers' archives.</summary>
    public TimeSpan ChunkTimeToLive { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>The same for keys that the origin said do not exist; a day by default.</summary>
    public TimeSpan AbsentTimeToLive { get; init; } = TimeSpan.FromDays(1);

    /// <summary>The largest object that is fetched and cached as one value, in bytes; 64 MiB by default, at least 1. Larger ones are fetched and cached in parts, so that memory stays bounded.</summary>
    public long MaxWholeObject { get; init; } = 64L << 20;

    /// <summary>The most bytes that are fetched with one request for a part, and held in memory for it; 16 MiB by default, at least 1.</summary>
    public long MaxPart { get; init; } = 16L << 20;

    /// <summary>Requests for parts are rounded out to multiples of so many bytes, where nothing is cached; 1 by default, which fetches no byte more than was asked for.</summary>
    public long PartAlignment { get; init; } = 1;

    /// <summary>Ask nothing of the origin: what is cached is served, past its time too, and what is not is an <see cref="OriginUnavailableException"/>. False by default; see <see cref="CachedStore.Offline"/> to switch it.</summary>
    public bool Offline { get; init; }

    /// <summary>Serve what is cached and past its time, marked <see cref="ReadResult.IsStale"/>, when the origin is out of reach; true by default. False: such a read fails.</summary>
    public bool ServeStaleWhenUnavailable { get; init; } = true;

    /// <summary>
    /// How long an origin that was out of reach is not asked again about what is cached, so that not every read waits for its
    /// retries; 30 seconds by default, zero asks every time. What is not cached is always asked for.
    /// </summary>
    public TimeSpan OriginRetryInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Which values are cached; null for all.</summary>
    public StoreItemFilter? Filter { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where faults of the cache are told.</summary>
    public ILogger? Logger { get; init; }

    internal void Validate()
    {
        RequireTime(MetadataTimeToLive, nameof(MetadataTimeToLive));
        RequireTime(ChunkTimeToLive, nameof(ChunkTimeToLive));
        RequireTime(AbsentTimeToLive, nameof(AbsentTimeToLive));
        if (OriginRetryInterval < TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(OriginRetryInterval), OriginRetryInterval, $"{nameof(OriginRetryInterval)} is {OriginRetryInterval}; it must be zero or positive.");
        }

        ArgumentNullException.ThrowIfNull(TimeProvider);
        RequirePositive(MaxWholeObject, nameof(MaxWholeObject));
        RequirePositive(MaxPart, nameof(MaxPart));
        RequirePositive(PartAlignment, nameof(PartAlignment));
    }

    private static void RequirePositive(long value, string name)
    {
        if (value < 1)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; it must be at least 1 byte.");
        }
    }

    private static void RequireTime(TimeSpan value, string name)
    {
        if (value < TimeSpan.Zero && value != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; it must be zero, positive, or Timeout.InfiniteTimeSpan.");
        }
    }
}
