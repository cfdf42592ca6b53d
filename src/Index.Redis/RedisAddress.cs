using System.Globalization;
using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>
/// Where a Redis server is: <c>redis://[user[:password]@]host[:port][/database][?prefix=NAME]</c>, <c>rediss://…</c> for TLS, or a
/// configuration string of StackExchange.Redis (<c>host:port,ssl=true,password=…</c>). As text it has no secret in it.
/// </summary>
public sealed class RedisAddress
{
    private const int DefaultPort = 6379;
    private const int DefaultTlsPort = 6380;

    private readonly ConfigurationOptions _configuration;
    private readonly string _text;

    private RedisAddress(ConfigurationOptions configuration, string text, string? prefix)
    {
        _configuration = configuration;
        _text = text;
        Prefix = prefix;
    }

    /// <summary>The prefix of the cache's keys, if the address says one.</summary>
    public string? Prefix { get; }

    /// <summary>Whether the address brings a password along.</summary>
    public bool HasPassword => !string.IsNullOrEmpty(_configuration.Password);

    /// <summary>Reads an address.</summary>
    /// <param name="address">A URL or a configuration string.</param>
    /// <exception cref="ArgumentException">It is none. The message does not repeat what may be secret.</exception>
    public static RedisAddress Parse(string address)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(address);
        return address.Contains("://", StringComparison.Ordinal) ? ParseUrl(address) : ParseConfiguration(address);
    }

    /// <summary>The same address with another user and password.</summary>
    public RedisAddress WithCredentials(string? user, string password)
    {
        ConfigurationOptions configuration = _configuration.Clone();
        configuration.User = user ?? configuration.User;
        configuration.Password = password;
        return new RedisAddress(configuration, _text, Prefix);
    }

    /// <summary>The address without user and password: what may be shown and written down.</summary>
    public override string ToString() => _text;

    internal ConfigurationOptions ToConfiguration() => _configuration.Clone();

    private static RedisAddress ParseUrl(string address)
    {
        string scheme = address[..address.IndexOf("://", StringComparison.Ordinal)];
        bool tls = scheme == "rediss";
        if (scheme is not "redis" and not "rediss")
        {
            throw new ArgumentException($"An address of a Redis server begins with redis:// or, for TLS, rediss://, not with '{scheme}://'.", nameof(address));
        }

        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? url) || url.Host.Length == 0)
        {
            throw new ArgumentException($"The address that begins with '{scheme}://' is no URL; write it as {scheme}://host:port/database?prefix=NAME.", nameof(address));
        }

        int port = url.Port > 0 ? url.Port : tls ? DefaultTlsPort : DefaultPort;
        int database = ParseDatabase(url.AbsolutePath);
        string? prefix = ParsePrefix(url.Query);
        var configuration = new ConfigurationOptions { Ssl = tls, DefaultDatabase = database };
        configuration.EndPoints.Add(url.Host.Trim('[', ']'), port);
        if (url.UserInfo.Length > 0)
        {
            // redis://user@host, redis://:password@host and redis://user:password@host are what others read too
            string[] parts = url.UserInfo.Split(':', 2);
            configuration.User = parts[0].Length > 0 ? Uri.UnescapeDataString(parts[0]) : null;
            configuration.Password = parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : null;
        }

        string text = string.Create(CultureInfo.InvariantCulture, $"{scheme}://{url.Host}:{port}/{database}{(prefix is null ? "" : "?prefix=" + Uri.EscapeDataString(prefix))}");
        return new RedisAddress(configuration, text, prefix);
    }

    private static int ParseDatabase(string path)
    {
        string text = path.Trim('/');
        return text.Length == 0 ? 0
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int database) ? database
            : throw new ArgumentException($"'{path}' names no database of a Redis server; it is a number, such as /0.", nameof(path));
    }

    private static string? ParsePrefix(string query)
    {
        string? prefix = null;
        foreach (string pair in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            if (parts[0] != "prefix" || parts.Length != 2)
            {
                throw new ArgumentException($"The address of a Redis server has no option '{parts[0]}'; there is prefix=NAME.", nameof(query));
            }

            prefix = Uri.UnescapeDataString(parts[1]);
            RedisStoreIndexOptions.ValidatePrefix(prefix);
        }

        return prefix;
    }

    private static RedisAddress ParseConfiguration(string text)
    {
        ConfigurationOptions configuration;
        try
        {
            configuration = ConfigurationOptions.Parse(text);
        }
        catch (ArgumentException e)
        {
            // the parser repeats what it did not understand, which may be a password with a comma in it
            throw new ArgumentException("The connection string of the Redis server is none; write it as redis://host:port/database?prefix=NAME, or as StackExchange.Redis has it: host:port,ssl=true,password=…", nameof(text), new ArgumentException(e.GetType().Name));
        }

        if (configuration.EndPoints.Count == 0)
        {
            throw new ArgumentException("The connection string of the Redis server names no host; write it as redis://host:port/database?prefix=NAME, or as StackExchange.Redis has it: host:port,ssl=true,password=…", nameof(text));
        }

        string hosts = string.Join(',', configuration.EndPoints.Select(Format.ToString));
        return new RedisAddress(configuration, hosts, null);
    }

    private static class Format
    {
        public static string ToString(System.Net.EndPoint endPoint) => endPoint switch
        {
            System.Net.DnsEndPoint dns => string.Create(CultureInfo.InvariantCulture, $"{dns.Host}:{(dns.Port == 0 ? DefaultPort : dns.Port)}"),
            _ => endPoint.ToString() ?? "",
        };
    }
}
