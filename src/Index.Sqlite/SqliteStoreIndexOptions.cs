using Microsoft.Extensions.Logging;

namespace ZarrCache.Index.Sqlite;

/// <summary>How a <see cref="SqliteStoreIndex"/> works. Every value is checked when the index is made.</summary>
public sealed record SqliteStoreIndexOptions
{
    /// <summary>Which entry is given up first; least recently used by default. The same for every process that shares the index.</summary>
    public EvictionPolicy Policy { get; init; } = EvictionPolicy.Lru;

    /// <summary>The page cache of the connection that writes, in bytes of private memory: 32 MiB by default, at least 1 MiB.</summary>
    public long WriterCacheBytes { get; init; } = 32L << 20;

    /// <summary>The page cache of each connection that reads, in bytes of private memory: 4 MiB by default, at least 64 KiB. As many connections stay open as there are processors.</summary>
    public long ReaderCacheBytes { get; init; } = 4L << 20;

    /// <summary>
    /// How much of the file is read by memory mapping, in bytes: 1 GiB by default, 0 for none. Mapped pages are the
    /// system's, not private memory. A medium that fails beneath a mapped page ends the process, as for any mapped
    /// file: set 0 where the index lies on a disk that is not trusted.
    /// </summary>
    public long MemoryMapBytes { get; init; } = 1L << 30;

    /// <summary>Accesses wait in memory at most this long before they are written: 5 seconds by default. A crash loses them.</summary>
    public TimeSpan MarkFlushInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// So many entries with an access that waits start a flush: 16,384 by default, about 200 bytes each. At twice
    /// as many <see cref="IStoreIndex.MarkAsync"/> waits for one.
    /// </summary>
    public int MarkFlushCount { get; init; } = 16_384;

    /// <summary>
    /// Entries remembered in memory, least recently used given up first, about 500 bytes each: 16,384 by default, 0 for
    /// none, else at least 3. Only values and parts, whose bytes are verified on every read, so that one which another process has
    /// replaced meanwhile does no harm; never an absence, which nothing would contradict.
    /// </summary>
    public int RememberedEntries { get; init; } = 16_384;

    /// <summary>How long a write waits for the write lock of another process before it fails: 5 seconds by default.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A damaged file is moved aside and a new index made (the default), or refused with a <see cref="CacheFormatException"/>.</summary>
    public bool RebuildIfCorrupt { get; init; } = true;

    /// <summary>Times the flushes of accesses.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Hears of what went wrong where nobody could be told by an exception; null for nobody.</summary>
    public ILogger? Logger { get; init; }

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Policy);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        AtLeast(WriterCacheBytes, 1 << 20, nameof(WriterCacheBytes), "bytes");
        AtLeast(ReaderCacheBytes, 64 << 10, nameof(ReaderCacheBytes), "bytes");
        AtLeast(MemoryMapBytes, 0, nameof(MemoryMapBytes), "bytes");
        AtLeast(MarkFlushCount, 1, nameof(MarkFlushCount), "entries");
        if (RememberedEntries is not 0 and < 3)
        {
            throw new ArgumentOutOfRangeException(nameof(RememberedEntries), RememberedEntries, $"{nameof(RememberedEntries)} is 0 for none, or at least 3 entries.");
        }

        Between(MarkFlushInterval, TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1), nameof(MarkFlushInterval));
        Between(BusyTimeout, TimeSpan.Zero, TimeSpan.FromHours(1), nameof(BusyTimeout));
    }

    private static void AtLeast(long value, long least, string name, string unit)
    {
        if (value < least)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is at least {least} {unit}.");
        }
    }

    private static void Between(TimeSpan value, TimeSpan least, TimeSpan most, string name)
    {
        if (value < least || value > most)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} lies between {least} and {most}.");
        }
    }
}
