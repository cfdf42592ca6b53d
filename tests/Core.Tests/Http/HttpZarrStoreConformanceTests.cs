using Microsoft.Extensions.Time.Testing;
using ZarrCache.Conformance;
using ZarrCache.Conformance.Http;

namespace ZarrCache.Core.Tests.Http;

/// <summary>What is read over HTTP is what the suite wrote and lists in the store behind the server: the origin itself can do neither.</summary>
public sealed class HttpZarrStoreConformanceTests : ZarrStoreSuite
{
    private LoopbackServer? _server;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _server!.DisposeAsync();
    }

    protected override async ValueTask<IZarrStore> CreateAsync()
    {
        var behind = new MemoryStore(new FakeTimeProvider()); // which tells whole seconds, as Last-Modified does
        _server = await LoopbackServer.StartAsync(behind, Ct);
        return new ReadOverHttp(behind, new HttpZarrStore(_server.BaseAddress));
    }

    private sealed class ReadOverHttp(IZarrStore behind, HttpZarrStore http) : ForwardingZarrStore(behind)
    {
        public override ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct) => http.GetAsync(key, options, ct);

        public override async ValueTask DisposeAsync()
        {
            await http.DisposeAsync();
            await base.DisposeAsync();
        }
    }
}
