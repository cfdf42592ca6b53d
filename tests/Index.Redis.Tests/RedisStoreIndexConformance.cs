using ZarrCache.Conformance;

namespace ZarrCache.Index.Redis.Tests;

/// <summary>The suite on one kind of server.</summary>
public abstract class RedisStoreIndexConformance(Servers servers, ServerKind kind) : PersistentStoreIndexSuite
{
    private readonly string _name = Guid.NewGuid().ToString("N");
    private int _made;

    protected override ValueTask<IStoreIndex> CreateAsync(EvictionPolicy policy, TimeProvider time)
    {
        _made++;
        return ReopenAsync(policy, time);
    }

    protected override async ValueTask<IStoreIndex> ReopenAsync(EvictionPolicy policy, TimeProvider time) =>
        await RedisStoreIndex.OpenAsync(
            await servers.GetAddressAsync(kind),
            new RedisStoreIndexOptions { Prefix = $"{_name}-{_made}", Policy = policy, TimeProvider = time },
            Ct);
}

public sealed class OnRedisConformance(Servers servers) : RedisStoreIndexConformance(servers, ServerKind.Redis);

public sealed class OnGarnetConformance(Servers servers) : RedisStoreIndexConformance(servers, ServerKind.Garnet);
