using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace ZarrCache.Cli.Demo;

/// <summary>An HTTP server on loopback before a store: the demo's distant origin. It counts what it is asked; ranges and conditions are ASP.NET Core's.</summary>
internal sealed class DemoServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly IZarrStore _store;
    private long _requests;

    private DemoServer(WebApplication app, IZarrStore store)
    {
        _app = app;
        _store = store;
    }

    /// <summary>Where the keys lie: <c>http://127.0.0.1:port</c>.</summary>
    public string Address { get; private set; } = "";

    /// <summary>Requests so far, of whatever process.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Starts a server; the store is disposed of with it.</summary>
    public static async Task<DemoServer> StartAsync(IZarrStore store, CancellationToken ct)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        var server = new DemoServer(app, store);
        app.MapGet("/{**key}", server.AnswerAsync);
        await app.StartAsync(ct);
        server.Address = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _store.DisposeAsync();
    }

    private async Task<Results<FileContentHttpResult, NotFound>> AnswerAsync(string key, CancellationToken ct)
    {
        Interlocked.Increment(ref _requests);
        await using ReadResult result = await _store.GetAsync(key, ct);
        if (result.Status != ReadStatus.Found)
        {
            return TypedResults.NotFound();
        }

        byte[] bytes = new byte[result.Length];
        await result.ReadAsync(bytes, ct);
        EntityTagHeaderValue? tag = result.Info.ETag is { } etag ? EntityTagHeaderValue.Parse(etag) : null;
        return TypedResults.Bytes(bytes, "application/octet-stream", enableRangeProcessing: true, lastModified: result.Info.LastModified, entityTag: tag);
    }
}
