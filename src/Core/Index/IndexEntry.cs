namespace ZarrCache;

/// <summary>One cached value, part or absence: immutable, compared by content.</summary>
public sealed record IndexEntry
{
    /// <summary>The dataset that the entry belongs to.</summary>
    public required string StoreId { get; init; }

    /// <summary>The Zarr key, case-sensitive.</summary>
    public required string Key { get; init; }

    /// <summary>What the entry stands for.</summary>
    public EntryKind Kind { get; init; }

    /// <summary>The first byte of a part in its object; 0 for a value or an absence.</summary>
    public long Offset { get; init; }

    /// <summary>The bytes cached; 0 for an absence.</summary>
    public long Size { get; init; }

    /// <summary>The bytes that they take up on the storage's medium, which MaxSize bounds.</summary>
    public long AllocatedSize { get; init; }

    /// <summary>The size of the whole object in bytes; equal to <see cref="Size"/> for a value.</summary>
    public long ObjectSize { get; init; }

    /// <summary>The check sums of the cached bytes, by blocks.</summary>
    public BlockChecksums Checksums { get; init; }

    /// <summary>The origin's ETag for the object.</summary>
    public string? ETag { get; init; }

    /// <summary>The origin's Last-Modified for the object.</summary>
    public DateTimeOffset? LastModified { get; init; }

    /// <summary>When the bytes were fetched.</summary>
    public DateTimeOffset StoredAt { get; init; }

    /// <summary>When the origin last confirmed them; times to live count from here.</summary>
    public DateTimeOffset ValidatedAt { get; init; }

    /// <summary>When they were last read from the cache; information for people, order is kept by <see cref="Priority"/>.</summary>
    public DateTimeOffset LastAccess { get; init; }

    /// <summary>How often they were read from the cache since they were pushed.</summary>
    public long AccessCount { get; init; }

    /// <summary>How long the origin took to give them: what a miss costs.</summary>
    public TimeSpan LoadDuration { get; init; }

    /// <summary>What the eviction policy gave the entry: the smallest is popped first. Set by the index.</summary>
    public double Priority { get; init; }

    /// <summary>The index's logical clock when it was last pushed or read: an order that no jump of a wall clock disturbs. Set by the index.</summary>
    public long AccessClock { get; init; }

    /// <summary>Whether it was read since the policy last gave it its priority: CLOCK's reference bit, for policies that rank at pop. Set by the index.</summary>
    public bool Referenced { get; init; }

    /// <summary>Whether, and after what, it may be given up. Set by the index, from the key and from what is pinned.</summary>
    public Retention Retention { get; init; }

    /// <summary>
    /// Unique to this content of this place, given by the writer before the bytes are stored (see <see cref="EntryVersion"/>):
    /// it is part of a part's file name and of the record that travels with the bytes, which both exist before the row does.
    /// </summary>
    public long Version { get; init; }

    /// <summary>The identity of the entry.</summary>
    public EntryKey EntryKey => new(StoreId, Key, Kind == EntryKind.Part ? Offset : EntryKey.Whole);

    /// <summary>What the entry says of the whole object.</summary>
    public ObjectInfo Info => new(ObjectSize, ETag, LastModified);
}
