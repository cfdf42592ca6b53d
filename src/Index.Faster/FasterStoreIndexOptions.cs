using System.Numerics;
using Microsoft.Extensions.Logging;

namespace ZarrCache.Index.Faster;

/// <summary>How a <see cref="FasterStoreIndex"/> works. Every value is checked when the index is made.</summary>
public sealed record FasterStoreIndexOptions
{
    /// <summary>Which entry is given up first; least recently used by default. Another one than before gives every entry a new priority.</summary>
    public EvictionPolicy Policy { get; init; } = EvictionPolicy.Lru;

    /// <summary>
    /// How much of the log stays in memory, in bytes: 64 MiB by default, a power of two of at least four pages. What
    /// does not fit is read from disk when it is asked for; about 200 bytes of log are in use for each key, up to 400
    /// until the log is compacted.
    /// </summary>
    public long LogMemoryBytes { get; init; } = 64L << 20;

    /// <summary>
    /// The unit in which the log is written and leaves memory, in bytes: 1 MiB by default, a power of two from 64 KiB
    /// to 32 MiB. An entry must fit into one, which at 1 MiB is one of a value of up to 128 GiB.
    /// </summary>
    public int PageBytes { get; init; } = 1 << 20;

    /// <summary>
    /// For how many keys the hash table is laid out to begin with: 1,000,000 by default, at least 1. It takes 12 to 25 bytes of
    /// memory for each, and doubles when there are more; a good guess saves the doubling.
    /// </summary>
    public long ExpectedKeys { get; init; } = 1_000_000;

    /// <summary>What was written lately is saved so often: 30 seconds by default, from 100 milliseconds to a day. A crash loses what came after.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Damaged files are moved aside and a new index made, which is filled from the chunk files (the default), or refused with a <see cref="CacheFormatException"/>.</summary>
    public bool RebuildIfCorrupt { get; init; } = true;

    /// <summary>If another process has the index open: refuse (the default), or look at its last checkpoint and change nothing.</summary>
    public bool LookOnlyIfInUse { get; init; }

    /// <summary>How many entries a window of victims holds; other than by default only to measure what that does.</summary>
    internal int WindowSize { get; init; } = 4096;

    /// <summary>Times the checkpoints.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Hears of what went wrong where nobody could be told by an exception; null for nobody.</summary>
    public ILogger? Logger { get; init; }

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Policy);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        if (PageBytes is < 64 << 10 or > 32 << 20 || !BitOperations.IsPow2(PageBytes))
        {
            throw new ArgumentOutOfRangeException(nameof(PageBytes), PageBytes, $"{nameof(PageBytes)} is a power of two from {64 << 10} to {32 << 20} bytes.");
        }

        if (LogMemoryBytes < 4L * PageBytes || !BitOperations.IsPow2(LogMemoryBytes) || LogMemoryBytes > 1L << 40)
        {
            throw new ArgumentOutOfRangeException(nameof(LogMemoryBytes), LogMemoryBytes, $"{nameof(LogMemoryBytes)} is a power of two from four pages, {4L * PageBytes} bytes, to {1L << 40} bytes.");
        }

        if (ExpectedKeys is < 1 or > 10_000_000_000)
        {
            throw new ArgumentOutOfRangeException(nameof(ExpectedKeys), ExpectedKeys, $"{nameof(ExpectedKeys)} lies between 1 and 10000000000 keys.");
        }

        if (CheckpointInterval < TimeSpan.FromMilliseconds(100) || CheckpointInterval > TimeSpan.FromDays(1))
        {
            throw new ArgumentOutOfRangeException(nameof(CheckpointInterval), CheckpointInterval, $"{nameof(CheckpointInterval)} lies between 00:00:00.1000000 and 1.00:00:00.");
        }
    }
}
