using System.Net;
using Amazon.Runtime;

namespace ZarrCache.Storage.S3;

/// <summary>The connections of one client: no redirects, no decompression, no limit of their own (reads and uploads have theirs).</summary>
internal sealed class S3HttpClients(TimeSpan connectTimeout) : HttpClientFactory
{
    /// <summary>What is left of a body that nobody wants is read up to here to keep the connection; beyond, the connection is closed.</summary>
    private const int MaxDrain = 16 << 10;

    public override HttpClient CreateHttpClient(IClientConfig clientConfig)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = connectTimeout,
            MaxResponseDrainSize = MaxDrain,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5), // a host that moves is found at its new address
            UseCookies = false,
        };
        return new HttpClient(handler, disposeHandler: true) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>One client of the SDK has one of these, and closes it with itself.</summary>
    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
}
