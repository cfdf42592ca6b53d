using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using StackExchange.Redis;

namespace ZarrCache.Peers.Clients;

/// <summary>A redis-server of its own on loopback, without snapshots or a log, asked with StackExchange.Redis.</summary>
internal sealed class RedisClient : PeerClient
{
    private readonly Process _server;
    private readonly ConnectionMultiplexer _connection;
    private readonly IDatabase _database;

    private RedisClient(Process server, ConnectionMultiplexer connection)
    {
        _server = server;
        _connection = connection;
        _database = connection.GetDatabase();
    }

    public static async Task<IPeerClient> OpenAsync(string directory)
    {
        int port = FreePort();
        string number = port.ToString(CultureInfo.InvariantCulture);
        string[] arguments = ["--port", number, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", directory, "--daemonize", "no"];
        Process server = Process.Start(new ProcessStartInfo("redis-server", arguments) { RedirectStandardOutput = true })!;
        server.OutputDataReceived += (_, _) => { };
        server.BeginOutputReadLine();
        try
        {
            return new RedisClient(server, await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{number},connectRetry=20,connectTimeout=1000,syncTimeout=60000"));
        }
        catch
        {
            server.Kill();
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
        _server.Kill();
        await _server.WaitForExitAsync();
        _server.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
