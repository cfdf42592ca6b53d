using Microsoft.Extensions.Logging;

namespace ZarrCache;

/// <summary>How an <see cref="IndexedCacheStorage"/> keeps its budget and writes. Checked when the storage is made.</summary>
public sealed record IndexedCacheStorageOptions
{
    /// <summary>The most that chunk files may take up, in bytes of the medium's blocks (<see cref="IndexEntry.AllocatedSize"/>); at least 1. What is in flight comes on top.</summary>
    public required long MaxSize { get; init; }

    /// <summary>The most entries, absences included, which have no bytes that <see cref="MaxSize"/> could bound; at least 1, by default 50 million. Absences are given up first.</summary>
    public long MaxEntries { get; init; } = 50_000_000;

    /// <summary>What single stores may count on and may take, by store id; none by default. The minima must fit into <see cref="MaxSize"/> together.</summary>
    public IReadOnlyDictionary<string, StoreQuota> Quotas { get; init; } = new Dictionary<string, StoreQuota>();

    /// <summary>Whether something is worth what must go for it; null leaves it to the policy.</summary>
    public AdmissionFilter? Admission { get; init; }

    /// <summary>The most bytes that may wait to be written; at least 1, by default 64 MiB. They are memory.</summary>
    public long QueueSize { get; init; } = 64L << 20;

    /// <summary>What becomes of an item when the queue is full; by default it is not cached this time.</summary>
    public QueueFullMode WhenQueueFull { get; init; } = QueueFullMode.Skip;

    /// <summary>How many values are written at once, 1 to 256; by default what is best for the storage (<see cref="StoreOpener.ConcurrentWrites"/>).</summary>
    public int? Writers { get; init; }

    /// <summary>
    /// How long a read waits for one answer of an index that answers later, such as one on another machine; 50 ms by default, 1 ms to a minute. What is not answered
    /// by then is a miss, and the index is not asked again before it answers. A read asks at most five times.
    /// </summary>
    public TimeSpan IndexPatience { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Whether to check files against rows in the background after the index was not closed, is new, or failed to say what it evicted; by default true.</summary>
    public bool SweepWhenUnclean { get; init; } = true;

    /// <summary>What the cache is called where it is measured: the label <c>cache</c> of its instruments. Null for none; caches of one name are reported as one.</summary>
    public string? Name { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where faults of the cache are told; they are never told to the reader.</summary>
    public ILogger? Logger { get; init; }

    internal void Validate()
    {
        Require(MaxSize >= 1, nameof(MaxSize), MaxSize, "at least 1 byte");
        Require(MaxEntries >= 1, nameof(MaxEntries), MaxEntries, "at least 1");
        Require(QueueSize >= 1, nameof(QueueSize), QueueSize, "at least 1 byte");
        Require(Writers is null or (>= 1 and <= 256), nameof(Writers), Writers ?? 0, "1 to 256");
        Require(IndexPatience >= TimeSpan.FromMilliseconds(1) && IndexPatience <= TimeSpan.FromMinutes(1), nameof(IndexPatience), IndexPatience, "1 ms to a minute");
        Require(Enum.IsDefined(WhenQueueFull), nameof(WhenQueueFull), WhenQueueFull, "Skip or Wait");
        ArgumentNullException.ThrowIfNull(TimeProvider);
        ArgumentNullException.ThrowIfNull(Quotas);
        StoreQuota.Validate(Quotas, MaxSize);
    }

    private static void Require(bool holds, string name, object value, string rule)
    {
        if (!holds)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; it must be {rule}.");
        }
    }
}

/// <summary>What becomes of an item when no more bytes may wait to be written.</summary>
public enum QueueFullMode
{
    /// <summary>It is not cached this time: a reader never waits for the cache.</summary>
    Skip,

    /// <summary>Whoever put it waits, and so does who reads it: for filling a cache on purpose.</summary>
    Wait,
}
