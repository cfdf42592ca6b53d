using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using ZarrCache.Conformance.Http;
using ZarrCache.Index.Sqlite;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Server.Tests;

/// <summary>A real gateway on loopback over SQLite and files, before a real HTTP origin that serves a store in memory.</summary>
internal sealed class TestGateway : IAsyncDisposable
{
    public const string StoreId = "s";

    private readonly string _directory = System.IO.Directory.CreateTempSubdirectory("zarrcache-server-").FullName;
    private readonly Func<Uri, GatewayStore> _store;
    private readonly Action<ZarrCacheOptions>? _configure;
    private readonly Action<WebApplication> _map;
    private WebApplication? _app;

    private TestGateway(LoopbackServer origin, MemoryStore objects, Func<Uri, GatewayStore>? store, Action<ZarrCacheOptions>? configure, Action<WebApplication>? map)
    {
        Origin = origin;
        Objects = objects;
        _store = store ?? (url => new GatewayStore(StoreId, url, Impatient));
        _configure = configure;
        _map = map ?? (app => app.MapZarrCache());
    }

    public static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>An origin's options for tests in which it fails: no repetitions.</summary>
    public static HttpZarrStoreOptions Impatient => new() { MaxRetries = 0, HeadersTimeout = TimeSpan.FromSeconds(20), GetEnvironmentVariable = _ => null };

    /// <summary>The origin's server.</summary>
    public LoopbackServer Origin { get; }

    /// <summary>What the origin has.</summary>
    public MemoryStore Objects { get; }

    public Uri Address { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    public string CacheDirectory => Path.Combine(_directory, "cache");

    public string Chunks => Path.Combine(CacheDirectory, "chunks", StoreId + ".zarr");

    public CacheDirectory Cache => _app!.Services.GetRequiredService<Gateway>().Cache;

    public ServedStore Served => _app!.Services.GetRequiredService<Gateway>().Stores[StoreId];

    public int RequestsUnderWay => _app!.Services.GetRequiredService<Gateway>().Requests.Active;

    public static async Task<TestGateway> StartAsync(Func<Uri, GatewayStore>? store = null, Action<ZarrCacheOptions>? configure = null, Action<WebApplication>? map = null)
    {
        var objects = new MemoryStore(TimeProvider.System);
        LoopbackServer origin = await LoopbackServer.StartAsync(objects, Ct);
        var gateway = new TestGateway(origin, objects, store, configure, map);
        await gateway.StartGatewayAsync();
        return gateway;
    }

    /// <summary>Starts the gateway, again after <see cref="StopGatewayAsync"/>.</summary>
    public async Task StartGatewayAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.LimitToZarrCache();
            kestrel.Listen(System.Net.IPAddress.Loopback, 0);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddZarrCache(options =>
        {
            options.Directory = CacheDirectory;
            options.Backends.AddSqlite().AddFileSystem();
            options.Stores.Add(_store(Origin.BaseAddress));
            _configure?.Invoke(options);
        });
        _app = builder.Build();
        _map(_app);
        await _app.StartAsync(Ct);
        Address = new Uri(_app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single());
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Address };
    }

    /// <summary>Tells the server to end, as a signal would, with clients still there.</summary>
    public Task StopServerAsync() => _app!.StopAsync(CancellationToken.None);

    public async Task StopGatewayAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            Client.Dispose();
            await app.StopAsync(CancellationToken.None);
            await app.DisposeAsync();
        }
    }

    /// <summary>Gives the origin an object.</summary>
    public async Task<byte[]> GiveAsync(string key, int length, int seed = 1)
    {
        byte[] value = new byte[length];
        new Random(seed).NextBytes(value);
        await Objects.SetAsync(key, value, Ct);
        return value;
    }

    /// <summary>Gives the origin an object and reads it, so that it is cached.</summary>
    public async Task<byte[]> WarmAsync(string key, int length, int seed = 1)
    {
        byte[] value = await GiveAsync(key, length, seed);
        Assert.Equal(value, await Client.GetByteArrayAsync(new Uri($"/{StoreId}/{key}", UriKind.Relative), Ct));
        await Cache.Storage.FlushAsync(Ct);
        return value;
    }

    public Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, headers);

    /// <summary>Sends a request; completes with the headers of the answer.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        foreach ((string name, string value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        return await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
    }

    public async ValueTask DisposeAsync()
    {
        await StopGatewayAsync();
        await Origin.DisposeAsync();
        await Objects.DisposeAsync();
        System.IO.Directory.Delete(_directory, recursive: true);
    }
}
