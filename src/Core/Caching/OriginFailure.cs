using System.Net;
using System.Net.Sockets;
using Polly.Timeout;

namespace ZarrCache;

/// <summary>Which failures of an origin mean that it is out of reach, and not that it answered something that nobody wants.</summary>
internal static class OriginFailure
{
    /// <summary>Whether time ran out, in the failure itself or in its causes.</summary>
    public static bool IsTimeout(Exception exception)
    {
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is TimeoutException or TimeoutRejectedException
                or SocketException { SocketErrorCode: SocketError.TimedOut }
                or RemoteStatusException { Status: HttpStatusCode.RequestTimeout or HttpStatusCode.GatewayTimeout })
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// No connection, no name, no answer in time, or a server that says so itself (408, 503 and 504 after all retries, which
    /// <see cref="HttpZarrStore"/> reports as <see cref="OriginUnavailableException"/>); as the failure itself or as its cause. Not: a
    /// refusal (401, 403, 429), a wrong answer, a certificate that is not trusted, an object that changed.
    /// </summary>
    public static bool IsUnavailable(Exception exception)
    {
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is OriginUnavailableException or SocketException or TimeoutException
                or HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.ResponseEnded })
            {
                return true;
            }
        }

        return false;
    }
}
