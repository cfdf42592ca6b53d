using Xunit;
using ZarrCache.Conformance.Tls;

namespace ZarrCache.Index.Redis.Tests;

/// <summary>Servers for tests, which are skipped by name where there is none.</summary>
internal static class RequiredRedis
{
    /// <summary>Set where a missing server must fail a test, and not skip it.</summary>
    private const string Required = "ZARRCACHE_REQUIRE_REDIS";

    public static void Require()
    {
        if (!RedisProcess.IsInstalled)
        {
            string message = $"There is no redis-server here: {RedisProcess.Install}";
            Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Required)), message);
            Assert.Fail(message);
        }
    }

    /// <summary>Starts one, with TLS if the tests of this process run over it.</summary>
    /// <param name="options">More options of its command line.</param>
    public static async Task<RedisProcess> StartAsync(params string[] options)
    {
        Require();
        return await RedisProcess.StartAsync(options, TestCertificate.Given?.Files, TestContext.Current.CancellationToken);
    }
}
