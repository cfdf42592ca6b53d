namespace ZarrCache;

/// <summary>What was fetched and is to be cached: a value, a part or an absence.</summary>
public sealed record CacheItem
{
    /// <summary>The dataset.</summary>
    public required string StoreId { get; init; }

    /// <summary>The Zarr key.</summary>
    public required string Key { get; init; }

    /// <summary>What the origin gave.</summary>
    public EntryKind Kind { get; init; }

    /// <summary>The first byte of a part in its object; else 0.</summary>
    public long Offset { get; init; }

    /// <summary>What the origin said of the whole object; empty for an absence.</summary>
    public ObjectInfo Info { get; init; }

    /// <summary>The bytes; null for an absence. A storage that keeps them beyond the call becomes a holder.</summary>
    public SharedBuffer? Bytes { get; init; }

    /// <summary>How long the origin took.</summary>
    public TimeSpan LoadDuration { get; init; }

    /// <summary>When the origin gave it.</summary>
    public DateTimeOffset FetchedAt { get; init; }
}
