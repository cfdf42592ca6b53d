using Xunit;
using ZarrCache.Conformance.Http;

namespace ZarrCache.Clients.Tests;

/// <summary>A test with a cache directory of its own, and both samples behind one HTTP server that counts what it is asked.</summary>
public abstract class ClientTest : IAsyncLifetime
{
    private readonly string _temporary = Directory.CreateTempSubdirectory("zarrcache-clients-").FullName;

    private protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Where the files of both samples lie.</summary>
    private protected static string Samples { get; } = Path.Combine(AppContext.BaseDirectory, "data");

    /// <summary>What the gateway fetches from; its keys begin with the name of the sample.</summary>
    private protected LoopbackServer Origin { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Origin = await LoopbackServer.StartAsync(Samples, Ct);

    public async ValueTask DisposeAsync()
    {
        await Origin.DisposeAsync();
        Directory.Delete(_temporary, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts a gateway of <c>era5</c> (Zarr v2) and <c>shards</c> (Zarr v3), always over the same cache directory.</summary>
    private protected Task<GatewayProcess> ServeAsync(params string[] more) => GatewayProcess.StartAsync(
        _temporary,
        [
            "--store", $"era5={Origin.BaseAddress}eraint-v2.zarr",
            "--store", $"shards={Origin.BaseAddress}eraint-v3-sharded.zarr",
            "--cache", Path.Combine(_temporary, "cache"),
            .. more,
        ]);

    /// <summary>From now on the origin refuses every chunk, and still gives the metadata.</summary>
    private protected void RefuseChunks() => Origin.Intercept = (context, answer) =>
    {
        string name = LoopbackServer.KeyOf(context).Split('/')[^1];
        if (name.StartsWith('.') || name == "zarr.json")
        {
            return answer(context);
        }

        context.Response.StatusCode = 403;
        return Task.CompletedTask;
    };
}
