using System.Globalization;
using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>Connects to a server, and finds out whether it is one that a cache can be kept on.</summary>
internal static class RedisConnection
{
    /// <summary>INFO, where it may be asked; managed servers keep CONFIG to themselves.</summary>
    private const string PolicyScript = """
        local info = redis.pcall('INFO', 'memory')
        if type(info) ~= 'string' then return '' end
        return string.match(info, 'maxmemory_policy:([%w-]+)') or ''
        """;

    /// <exception cref="ZarrCacheException">The server cannot be reached, or refuses.</exception>
    public static async ValueTask<IConnectionMultiplexer> ConnectAsync(RedisAddress address, RedisStoreIndexOptions options, CancellationToken ct)
    {
        ConfigurationOptions configuration = address.ToConfiguration();
        configuration.AbortOnConnectFail = true; // told at once at opening; from then on it connects again by itself
        configuration.ConnectRetry = 1;
        configuration.ConnectTimeout = (int)options.CommandTimeout.TotalMilliseconds;
        configuration.BacklogPolicy = BacklogPolicy.FailFast; // a read that finds no connection goes to the origin, not into a queue
        configuration.AsyncTimeout = (int)options.CommandTimeout.TotalMilliseconds;
        configuration.ClientName ??= "zarrcache";
        configuration.ReconnectRetryPolicy = new ExponentialRetry(250, 2000);
        Task<ConnectionMultiplexer> connecting = ConnectionMultiplexer.ConnectAsync(configuration);
        try
        {
            return await connecting.WaitAsync(ct).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            throw new ZarrCacheException(
                $"The Redis server {address} cannot be reached: {e.Message} Start it, or check host, port, TLS, user and password.", e);
        }
        catch (OperationCanceledException)
        {
            _ = connecting.ContinueWith(static late => late.IsCompletedSuccessfully ? late.Result.DisposeAsync().AsTask() : Task.CompletedTask, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            throw;
        }
    }

    /// <summary>Refuses a server that would throw entries away by itself, which totals and orders would not hear of.</summary>
    /// <returns>False if the server does not say.</returns>
    /// <exception cref="ZarrCacheException">Its <c>maxmemory-policy</c> is another than <c>noeviction</c>.</exception>
    public static async ValueTask<bool> RequireNoEvictionAsync(RedisServer server, CancellationToken ct)
    {
        string policy = (string)(await server.RunAsync(PolicyScript, [], [], ct).ConfigureAwait(false))!;
        return policy switch
        {
            "" => false,
            "noeviction" => true,
            _ => throw new ZarrCacheException(string.Create(
                CultureInfo.InvariantCulture,
                $"The Redis server {server.Address} has the maxmemory-policy '{policy}' and would throw entries away behind the cache's back; set it to 'noeviction' (CONFIG SET maxmemory-policy noeviction), or use another server.")),
        };
    }
}
