using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ZarrCache.Cli.Serve;

/// <summary>Where the gateway listens.</summary>
/// <param name="Host">As it was written, an IPv6 address in brackets.</param>
/// <param name="Address">The address; null for all of this machine's.</param>
/// <param name="Port">0 for one that is free.</param>
internal sealed record ListenAddress(string Host, IPAddress? Address, int Port)
{
    /// <summary>Whether only this machine reaches it.</summary>
    public bool IsLoopback => Address is not null && IPAddress.IsLoopback(Address);

    /// <summary>Reads a URL such as <c>http://127.0.0.1:8470</c>.</summary>
    /// <exception cref="ArgumentException">It is no such URL; the message says what to write.</exception>
    public static ListenAddress Parse(string url)
    {
        const string Scheme = "http://";
        if (url.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException($"The gateway speaks http, not '{url}'; put a server that has a certificate in front of it.");
        }

        string rest = url.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? url[Scheme.Length..].TrimEnd('/') : "";
        int colon = rest.LastIndexOf(':');
        string host = colon > 0 ? rest[..colon] : "";
        if (host.Length == 0 || !int.TryParse(rest[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port > 65535)
        {
            throw new ArgumentException($"'{url}' is no address to listen at; write http://127.0.0.1:8470, with the port.");
        }

        return host switch
        {
            "localhost" => new ListenAddress(host, IPAddress.Loopback, port),
            "*" or "0.0.0.0" or "[::]" => new ListenAddress(host, null, port),
            _ when IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) => new ListenAddress(host, address, port),
            _ => throw new ArgumentException($"'{url}' has the host '{host}'; write an IP address of this machine, localhost, or * for all its addresses."),
        };
    }

    public void Listen(KestrelServerOptions kestrel)
    {
        if (Address is { } address)
        {
            kestrel.Listen(address, Port);
        }
        else
        {
            kestrel.ListenAnyIP(Port);
        }
    }
}
