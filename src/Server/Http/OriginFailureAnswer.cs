using Microsoft.AspNetCore.Http;

namespace ZarrCache.Server.Http;

/// <summary>
/// What a client is told of a failed read. Never 404: a client takes that for a chunk of fill values, and goes on with wrong
/// numbers.
/// </summary>
internal static class OriginFailureAnswer
{
    /// <summary>The status and the reason; null if the failure is the gateway's own.</summary>
    public static (int Status, string Reason)? Of(Exception failure, ServedStore store) => failure switch
    {
        OriginUnavailableException unavailable => (
            store.Store.Offline || unavailable.IsTimeout ? StatusCodes.Status504GatewayTimeout : StatusCodes.Status502BadGateway, failure.Message),
        StoreException or ZarrCacheException => (StatusCodes.Status502BadGateway, failure.Message),
        ObjectDisposedException => (StatusCodes.Status503ServiceUnavailable, "The gateway is being stopped."),
        _ => null,
    };
}
