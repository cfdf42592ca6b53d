using Microsoft.Extensions.Logging;

namespace ZarrCache.Index.Redis;

/// <summary>How a <see cref="RedisStoreIndex"/> works. Every value is checked when the index is opened.</summary>
public sealed record RedisStoreIndexOptions
{
    /// <summary>What the keys of the cache begin with in Redis, in braces: <c>zarrcache</c> by default. All nodes that share a cache give the same, two caches on one server two of them. No braces, no control characters, 1 to 100 characters.</summary>
    public string Prefix { get; init; } = "zarrcache";

    /// <summary>Which entry is given up first; least recently used by default. The same for every node that shares the index.</summary>
    public EvictionPolicy Policy { get; init; } = EvictionPolicy.Lru;

    /// <summary>Accesses wait in memory at most this long before they are written: 5 seconds by default. A crash loses them.</summary>
    public TimeSpan MarkFlushInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// So many entries with an access that waits start a flush: 16,384 by default, about 200 bytes each. At twice as many, because the
    /// server does not answer, later accesses are not recorded.
    /// </summary>
    public int MarkFlushCount { get; init; } = 16_384;

    /// <summary>
    /// Entries remembered in memory, least recently used given up first, about 500 bytes each: 16,384 by default, 0 for
    /// none, else at least 3. Only values and parts, whose bytes are verified on every read, so that one which another node has
    /// replaced meanwhile does no harm; never an absence, which nothing would contradict.
    /// </summary>
    public int RememberedEntries { get; init; } = 16_384;

    /// <summary>
    /// How long an absence is kept after it was stored or last confirmed, by the server's clock: 30 days by default, at least a
    /// second, <see cref="Timeout.InfiniteTimeSpan"/> for ever. When it is asked for again sooner than that is
    /// <see cref="CachedStoreOptions.AbsentTimeToLive"/>'s to say.
    /// </summary>
    public TimeSpan AbsentLifetime { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Whether of all nodes that miss a key at a time one fetches it, and the others wait for that one; true by default.</summary>
    public bool FetchOnce { get; init; } = true;

    /// <summary>
    /// How long a node that died while it fetched a key keeps the others from fetching it: 3 seconds by default, 0.1 seconds to 5
    /// minutes. A node that lives prolongs it as long as it fetches.
    /// </summary>
    public TimeSpan FetchLease { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long the server may take to answer a write before it fails: 5 seconds by default, 0.1 seconds to 5 minutes. Reads are given up sooner: see <see cref="IndexedCacheStorageOptions.IndexPatience"/>. Holds for connections made from a connection string.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A node that gave no sign of life for so long is taken for dead, and what it left is swept: 1 minute by default, at least 5 seconds. A sign is given three times as often.</summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Times flushes, signs of life and leases.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Hears of what went wrong where nobody could be told by an exception; null for nobody.</summary>
    public ILogger? Logger { get; init; }

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Policy);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        ValidatePrefix(Prefix);
        if (MarkFlushCount < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(MarkFlushCount), MarkFlushCount, $"{nameof(MarkFlushCount)} is at least 1 entry.");
        }

        if (RememberedEntries is not 0 and < 3)
        {
            throw new ArgumentOutOfRangeException(nameof(RememberedEntries), RememberedEntries, $"{nameof(RememberedEntries)} is 0 for none, or at least 3 entries.");
        }

        Between(MarkFlushInterval, TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1), nameof(MarkFlushInterval));
        Between(FetchLease, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5), nameof(FetchLease));
        Between(CommandTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5), nameof(CommandTimeout));
        Between(SessionTimeout, TimeSpan.FromSeconds(5), TimeSpan.FromDays(1), nameof(SessionTimeout));
        if (AbsentLifetime != Timeout.InfiniteTimeSpan)
        {
            Between(AbsentLifetime, TimeSpan.FromSeconds(1), TimeSpan.FromDays(3650), nameof(AbsentLifetime));
        }
    }

    /// <exception cref="ArgumentException">The message names the value and the rule.</exception>
    internal static void ValidatePrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (prefix.Length is 0 or > 100 || prefix.AsSpan().IndexOfAny('{', '}') >= 0 || prefix.Any(char.IsControl))
        {
            throw new ArgumentException($"The prefix '{prefix}' of the keys has 1 to 100 characters, no braces and no control characters.", nameof(prefix));
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
