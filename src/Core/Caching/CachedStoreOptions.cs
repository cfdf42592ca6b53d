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

    /// <summary>The largest object that is fetched into memory and cached as one value, in bytes; 64 MiB by default, at least 1. Larger ones are streamed past the cache.</summary>
    public long MaxWholeObject { get; init; } = 64L << 20;

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
        ArgumentNullException.ThrowIfNull(TimeProvider);
        if (MaxWholeObject < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(MaxWholeObject), MaxWholeObject, $"{nameof(MaxWholeObject)} is {MaxWholeObject}; it must be at least 1 byte.");
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
