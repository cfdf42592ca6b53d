namespace ZarrCache.Index.Redis;

/// <summary>Makes the index known to cache directories.</summary>
public static class RedisCacheBackends
{
    /// <summary>The user, where the address names none.</summary>
    public const string UserVariable = "ZARRCACHE_REDIS_USER";

    /// <summary>The password, where the address has none: a manifest keeps the address without it.</summary>
    public const string PasswordVariable = "ZARRCACHE_REDIS_PASSWORD";

    /// <summary>
    /// Adds indexes named <c>redis://host:port/database?prefix=NAME</c>, or <c>rediss://…</c> with TLS. User and password come from the address, or
    /// from the environment (<see cref="UserVariable"/>, <see cref="PasswordVariable"/>), and are never written down.
    /// </summary>
    public static CacheBackends AddRedis(this CacheBackends backends)
    {
        ArgumentNullException.ThrowIfNull(backends);
        foreach (string scheme in (string[])["redis", "rediss"])
        {
            backends.AddIndex(scheme, OpenAsync, static address => RedisAddress.Parse(address).ToString());
        }

        return backends;
    }

    private static async ValueTask<IStoreIndex> OpenAsync(string text, CacheBackendContext context, CancellationToken ct)
    {
        var address = RedisAddress.Parse(text);
        if (!address.HasPassword && Environment.GetEnvironmentVariable(PasswordVariable) is { Length: > 0 } password)
        {
            address = address.WithCredentials(Environment.GetEnvironmentVariable(UserVariable), password);
        }

        var options = new RedisStoreIndexOptions { Policy = context.Policy, TimeProvider = context.Time, Logger = context.Logger };
        return await RedisStoreIndex.OpenAsync(address, options, ct).ConfigureAwait(false);
    }
}
