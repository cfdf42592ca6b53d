using Xunit;
using ZarrCache.Conformance.Http;

namespace ZarrCache.Cli.Tests;

/// <summary>A test with a cache directory of its own and the sample behind a real HTTP server that counts.</summary>
public abstract class CacheTest : IAsyncLifetime
{
    /// <summary>Objects of the sample.</summary>
    protected const int SampleKeys = 309;

    private protected static string Sample { get; } = Path.Combine(AppContext.BaseDirectory, "samples", "eraint-v2.zarr");

    private protected string Temporary { get; } = Directory.CreateTempSubdirectory("zarrcache-cli-").FullName;

    private protected string Cache => Path.Combine(Temporary, "cache");

    private protected string Chunks => Path.Combine(Cache, "chunks", "era.zarr");

    private protected LoopbackServer Server { get; private set; } = null!;

    private protected string Url => Server.BaseAddress.ToString();

    private protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => Server = await LoopbackServer.StartAsync(Open(new DirectoryOrigin(Sample)), Ct);

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(Temporary, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>What the server serves.</summary>
    private protected virtual IZarrStore Open(IZarrStore sample) => sample;

    private protected string[] Warm(params string[] more) => ["warm", Url, "--store", "era", "--cache", Cache, .. more];

    private protected async Task<HashSet<string>> ListKeysAsync(string kind = "value") =>
        (await CommandLine.RunAsync("ls", "--cache", Cache, "--json")).WithStatus(0).Lines
            .Where(line => (string)line["kind"]! == kind).Select(line => (string)line["key"]!).ToHashSet();
}
