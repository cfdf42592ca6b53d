using NeoSmart.Caching.Sqlite;
using ZiggyCreatures.Caching.Fusion;
using ZiggyCreatures.Caching.Fusion.Serialization.SystemTextJson;

namespace ZarrCache.Peers.Clients;

/// <summary>FusionCache over a SQLite level 2; its level in memory is passed over, since a cache of chunks is larger than memory.</summary>
internal sealed class FusionCacheClient : PeerClient
{
    private static readonly FusionCacheEntryOptions Options = new(TimeSpan.FromDays(1)) { SkipMemoryCacheRead = true, SkipMemoryCacheWrite = true, AllowBackgroundDistributedCacheOperations = false };

    private readonly FusionCache _cache = new(new FusionCacheOptions());
    private readonly SqliteCache _second;

    private FusionCacheClient(string directory)
    {
        _second = new SqliteCache(new SqliteCacheOptions { CachePath = Path.Combine(directory, "fusion.db") });
        _cache.SetupDistributedCache(_second, new FusionCacheSystemTextJsonSerializer());
    }

    public static Task<IPeerClient> OpenAsync(string directory) => Task.FromResult<IPeerClient>(new FusionCacheClient(directory));

    public override bool KeepsRecords => false;

    public override ValueTask SetAsync(string key, byte[] value) => _cache.SetAsync(key, value, Options);

    public override async ValueTask<int> GetAsync(string key)
    {
        MaybeValue<byte[]> value = await _cache.TryGetAsync<byte[]>(key, Options);
        return value.HasValue ? value.Value.Length : -1;
    }

    public override ValueTask DisposeAsync()
    {
        _cache.Dispose();
        _second.Dispose();
        return ValueTask.CompletedTask;
    }
}
