using StackExchange.Redis;
using ZarrCache.Index.Redis.Tests;

namespace ZarrCache.Peers.Clients;

/// <summary>A redis-server of its own on loopback, without snapshots or a log, asked with StackExchange.Redis.</summary>
internal sealed class RedisClient : PeerClient
{
    private readonly RedisProcess _server;
    private readonly ConnectionMultiplexer _connection;
    private readonly IDatabase _database;

    private RedisClient(RedisProcess server, ConnectionMultiplexer connection)
    {
        _server = server;
        _connection = connection;
        _database = connection.GetDatabase();
    }

    public static async Task<IPeerClient> OpenAsync()
    {
        RedisProcess server = await RedisProcess.StartAsync([], CancellationToken.None);
        try
        {
            return new RedisClient(server, await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions { EndPoints = { { "127.0.0.1", server.Port } }, SyncTimeout = 60_000, AsyncTimeout = 60_000 }));
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public override async ValueTask SetAsync(string key, byte[] value) => await _database.StringSetAsync(key, value);

    public override async ValueTask<int> GetAsync(string key) => ((byte[]?)await _database.StringGetAsync(key))?.Length ?? -1;

    /// <summary>In one pipeline.</summary>
    public override async ValueTask SetManyAsync(IReadOnlyList<(string Key, byte[] Record)> batch) =>
        await Task.WhenAll(batch.Select(one => _database.StringSetAsync(one.Key, one.Record)));

    public override async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _server.DisposeAsync();
    }
}
