using Xunit;
using ZarrCache.Conformance.Http;
using ZarrCache.Conformance.Tls;

namespace ZarrCache.Core.Tests.Http;

public sealed class HttpTlsTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public Task All_holds_over_TLS() => TestsOverTls.RunAsync(typeof(HttpZarrStoreConformanceTests), typeof(HttpZarrStoreTests), typeof(CachedHttpRangesTests));

    [Fact]
    public async Task A_certificate_that_nobody_trusts_is_refused_at_once_and_the_message_says_why()
    {
        using var certificate = new TestCertificate();
        await using LoopbackServer untrusted = await LoopbackServer.StartAsync(new MemoryStore(), certificate, Ct);
        await RefusesAsync(untrusted.BaseAddress, "cannot be asked over TLS: The remote certificate");
    }

    [Fact]
    public async Task A_server_that_does_not_speak_TLS_is_told_from_one_that_is_away()
    {
        await using LoopbackServer plain = await LoopbackServer.StartAsync(new MemoryStore(), certificate: null, Ct);
        await RefusesAsync(new UriBuilder(plain.BaseAddress) { Scheme = "https" }.Uri, "cannot be asked over TLS: ");
    }

    private static async Task RefusesAsync(Uri address, string why)
    {
        var log = new ListLogger();
        await using var store = new HttpZarrStore(address, new HttpZarrStoreOptions { Logger = log });
        var refused = await Assert.ThrowsAsync<StoreException>(() => store.GetBytesAsync("u/c/0", ct: Ct).AsTask());
        Assert.Contains(why, refused.Message);
        Assert.Contains("SSL_CERT_FILE", refused.Message);
        Assert.Empty(log.Lines); // nothing was repeated
    }
}
