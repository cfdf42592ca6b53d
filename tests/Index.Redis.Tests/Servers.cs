using System.Globalization;
using Garnet;
using Xunit;

[assembly: AssemblyFixture(typeof(ZarrCache.Index.Redis.Tests.Servers))]

namespace ZarrCache.Index.Redis.Tests;

/// <summary>One redis-server and one Garnet for all tests that need no server of their own; each takes a prefix of its own.</summary>
public sealed class Servers : IAsyncDisposable
{
    private readonly Lazy<Task<RedisProcess>> _redis = new(() => RequiredRedis.StartAsync());
    private readonly Lazy<(GarnetServer Server, string Address)> _garnet = new(StartGarnet);

    public async Task<string> GetAddressAsync(ServerKind kind) => kind == ServerKind.Redis ? (await _redis.Value).Address : _garnet.Value.Address;

    public async ValueTask DisposeAsync()
    {
        if (_redis.IsValueCreated && _redis.Value.IsCompletedSuccessfully)
        {
            await (await _redis.Value).DisposeAsync();
        }

        if (_garnet.IsValueCreated)
        {
            _garnet.Value.Server.Dispose();
        }
    }

    /// <summary>Its scripts are transactions only with <c>--lua-transaction-mode</c>: else they run beside each other.</summary>
    private static (GarnetServer Server, string Address) StartGarnet()
    {
        int port = FreePort.Find();
        string text = port.ToString(CultureInfo.InvariantCulture);
        var server = new GarnetServer(
            ["--port", text, "--bind", "127.0.0.1", "--lua", "true", "--lua-transaction-mode", "true", "--device-type", "RandomAccess", "--memory", "64m", "--index", "16m"]);
        server.Start();
        return (server, "redis://127.0.0.1:" + text);
    }
}

/// <summary>What speaks Redis.</summary>
public enum ServerKind
{
    /// <summary>Debian's redis-server.</summary>
    Redis,

    /// <summary>Microsoft.Garnet, in this process.</summary>
    Garnet,
}
