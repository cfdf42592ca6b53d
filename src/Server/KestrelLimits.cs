using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ZarrCache.Server;

/// <summary>What a server that is a gateway and nothing else lets through.</summary>
public static class KestrelLimits
{
    /// <summary>
    /// Limits for a gateway: no request bodies, headers of 16 KiB within 10 seconds, a request line of 8 KiB (a key has at most
    /// 3 KiB when it is escaped), idle connections for 2 minutes, and the connections that <paramref name="maxConnections"/> says.
    /// A client that takes less than 240 bytes a second for long is cut off by Kestrel's own limit.
    /// </summary>
    /// <param name="kestrel">The server's options.</param>
    /// <param name="maxConnections">Connections at once; further ones are closed.</param>
    public static void LimitToZarrCache(this KestrelServerOptions kestrel, int maxConnections = 10_000)
    {
        ArgumentNullException.ThrowIfNull(kestrel);
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;
        KestrelServerLimits limits = kestrel.Limits;
        limits.MaxRequestBodySize = 0;
        limits.MaxRequestHeadersTotalSize = 16 << 10;
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestLineSize = 8 << 10;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        limits.MaxConcurrentConnections = maxConnections;
    }
}
