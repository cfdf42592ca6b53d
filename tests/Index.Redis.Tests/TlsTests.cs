using Xunit;
using ZarrCache.Conformance.Tls;

namespace ZarrCache.Index.Redis.Tests;

public sealed class TlsTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_suite_holds_over_TLS()
    {
        RequiredRedis.Require();
        await TestsOverTls.RunAsync(typeof(OnRedisConformance));
    }

    [Fact]
    public async Task A_certificate_that_nobody_trusts_is_refused()
    {
        RequiredRedis.Require();
        using var certificate = new TestCertificate();
        await using RedisProcess server = await RedisProcess.StartAsync([], certificate.Files, Ct);
        var refused = await Assert.ThrowsAsync<ZarrCacheException>(async () => await RedisStoreIndex.OpenAsync(server.Address, new RedisStoreIndexOptions(), Ct));
        Assert.Contains("cannot be reached", refused.Message);
        Assert.Contains("certificate", refused.Message);
    }
}
