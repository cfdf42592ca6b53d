using System.Net;

namespace ZarrCache;

/// <summary>An answer that may be another one when the request is repeated. Kept as the cause of what is thrown in the end.</summary>
internal sealed class RemoteStatusException(HttpStatusCode status, string message, TimeSpan? retryAfter, Exception? innerException = null)
    : Exception(message, innerException)
{
    public HttpStatusCode Status => status;

    /// <summary>How long the origin asks to wait.</summary>
    public TimeSpan? RetryAfter => retryAfter;

    /// <summary>408, 429 and what is wrong on the server's side, save that it will never do it (501).</summary>
    public static bool IsTransient(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || ((int)status is >= 500 and <= 599 && status != HttpStatusCode.NotImplemented);
}
