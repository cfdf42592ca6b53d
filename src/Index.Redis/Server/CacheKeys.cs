using System.Collections.Concurrent;
using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>
/// The keys of one cache. All begin with its prefix in braces, Redis Cluster's hash tag, so that they lie on one node and a
/// script may touch several. Thread-safe.
/// </summary>
internal sealed class CacheKeys
{
    private readonly string _tag;
    private readonly ConcurrentDictionary<string, StoreKeys> _stores = new(StringComparer.Ordinal);

    public CacheKeys(string prefix)
    {
        _tag = $"{{{prefix}}}:";
        State = _tag + "state";
        Totals = _tag + "totals";
        Stores = _tag + "stores";
        Pins = _tag + "pins";
        Policy = _tag + "policy";
        Sessions = _tag + "sessions";
        PopTurn = _tag + "pop-turn";
    }

    /// <summary>A hash: format, epoch, policy, clock, pins and saves (counted up with each change of what they stand for), unswept, ranking.</summary>
    public RedisKey State { get; }

    /// <summary>A hash: count, bytes, allocated, absent, of all stores.</summary>
    public RedisKey Totals { get; }

    /// <summary>A set: the ids of the stores that have an entry.</summary>
    public RedisKey Stores { get; }

    /// <summary>A hash: store id, zero byte, prefix, to the pin's state.</summary>
    public RedisKey Pins { get; }

    /// <summary>What the eviction policy remembers.</summary>
    public RedisKey Policy { get; }

    /// <summary>A sorted set: who has the index open, by the server's time of their last sign of life, milliseconds.</summary>
    public RedisKey Sessions { get; }

    /// <summary>Held by the node that pops.</summary>
    public RedisKey PopTurn { get; }

    public StoreKeys For(string storeId) => _stores.GetOrAdd(storeId, static (id, keys) => new StoreKeys(keys, id), this);

    /// <summary>Held by the node that fetches a place of a store.</summary>
    public RedisKey Fetch(EntryKey place) => _tag + "fetch:" + place.StoreId + "\0" + place.Key + "\0" + place.Offset;

    internal RedisKey OfStore(string storeId, string name) => _tag + "store:" + storeId + ":" + name;
}

/// <summary>The keys of one store of a cache.</summary>
internal sealed class StoreKeys
{
    private const int FirstOrder = 8;

    public StoreKeys(CacheKeys cache, string storeId)
    {
        StoreId = storeId;
        Totals = cache.OfStore(storeId, "totals");
        Entries = cache.OfStore(storeId, "entries");
        Keys = cache.OfStore(storeId, "keys");
        Access = cache.OfStore(storeId, "access");
        All =
        [
            cache.State, cache.Totals, cache.Stores, Totals, Entries, Keys, Access, cache.OfStore(storeId, "absent"),
            .. from retention in Enum.GetValues<Retention>()
               from kind in Enum.GetValues<EntryKind>()
               select cache.OfStore(storeId, $"order:{(int)retention}{(int)kind}"),
        ];
    }

    public string StoreId { get; }

    /// <summary>A hash: count, bytes, allocated, absent.</summary>
    public RedisKey Totals { get; }

    /// <summary>A hash: place to entry.</summary>
    public RedisKey Entries { get; }

    /// <summary>A sorted set of all places, without scores: the order of keys.</summary>
    public RedisKey Keys { get; }

    /// <summary>A sorted set of all places by last access.</summary>
    public RedisKey Access { get; }

    /// <summary>What <see cref="Lua"/> counts on, in its order.</summary>
    public RedisKey[] All { get; }

    /// <summary>A sorted set by priority; its members are the clock when a place was first pushed, 8 bytes, then the place.</summary>
    public RedisKey Order(Retention retention, EntryKind kind) => All[FirstOrder + ((int)retention * 3) + (int)kind];
}
