using Xunit;
using ZarrCache.Conformance.Http;
using ZarrCache.Conformance.Tls;

namespace ZarrCache.Storage.S3.Tests;

/// <summary>Over TLS bodies are signed otherwise, and an uploaded body has no check sum of the protocol: all must hold there as well.</summary>
public sealed class S3TlsTests(RadosgwFixture server)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_holds_over_TLS()
    {
        await server.RequireAsync();
        await TestsOverTls.RunAsync(typeof(S3ChunkStoreTests), typeof(S3ZarrStoreTests), typeof(S3CacheTests));
    }

    [Fact]
    public async Task A_certificate_that_nobody_trusts_is_refused_at_once_and_the_message_says_why()
    {
        using var certificate = new TestCertificate();
        await using LoopbackServer untrusted = await LoopbackServer.StartAsync(new MemoryStore(), certificate, Ct);
        var log = new ListLogger();
        await using var store = new S3ZarrStore("s3://bucket", new S3StoreOptions { Endpoint = untrusted.BaseAddress, AccessKeyId = "key", SecretAccessKey = "secret", Logger = log });
        var refused = await Assert.ThrowsAsync<StoreException>(() => store.GetBytesAsync("u/c/0", ct: Ct).AsTask());
        Assert.Contains("cannot be asked over TLS: The remote certificate", refused.Message);
        Assert.Contains("SSL_CERT_FILE", refused.Message);
        Assert.Empty(log.Lines); // nothing was repeated
    }
}
