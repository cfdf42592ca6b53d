using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace ZarrCache.Server.Http;

/// <summary>Which requests are looked at at all.</summary>
internal sealed class RequestGuard
{
    private readonly ZarrCacheOptions _options;
    private readonly bool _allowsAnyHost;

    public RequestGuard(IOptions<ZarrCacheOptions> options)
    {
        _options = options.Value;
        _allowsAnyHost = _options.AllowedHosts.Contains("*");
    }

    /// <summary>Why a request is refused; null if it is not. No allocation for one that passes.</summary>
    public Refusal? Check(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (HttpMethods.IsConnect(request.Method))
        {
            return new(StatusCodes.Status405MethodNotAllowed, "this is no proxy");
        }

        if (!_options.AllowRemoteClients && context.Connection.RemoteIpAddress is { } client && !IPAddress.IsLoopback(client))
        {
            return new(StatusCodes.Status403Forbidden, "only clients on this machine are served");
        }

        if (!_allowsAnyHost && !IsAllowed(request.Host.Value))
        {
            return new(StatusCodes.Status421MisdirectedRequest, "this host name is not served here; whoever runs the gateway can allow it");
        }

        // What a body would be for nobody knows, and two opinions on where it ends are how requests are smuggled.
        IHeaderDictionary headers = request.Headers;
        if (headers.TransferEncoding.Count > 0 || (headers["Content-Length"] is { Count: > 0 } length && !IsZero(length)))
        {
            return new(StatusCodes.Status400BadRequest, "a request must not have a body", CloseConnection: true);
        }

        return null;
    }

    private static bool IsZero(StringValues length) => length.Count == 1 && length[0] == "0";

    /// <summary>Whether a Host header without its port is on the list.</summary>
    private bool IsAllowed(string? host)
    {
        if (string.IsNullOrEmpty(host))
        {
            return false;
        }

        int port = host.LastIndexOf(':');
        bool isBracketed = host[0] == '[';
        string name = port >= 0 && (!isBracketed || host[port - 1] == ']') ? host[..port] : host;
        return _options.AllowedHosts.Contains(name);
    }
}

/// <summary>Why a request is not answered as it wants to be.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Reason">For people.</param>
/// <param name="CloseConnection">Whether what follows on the connection cannot be trusted.</param>
internal sealed record Refusal(int Status, string Reason, bool CloseConnection = false);
