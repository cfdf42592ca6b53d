namespace ZarrCache.Server;

/// <summary>What a gateway serves, from which cache, and to whom. Checked when the application starts.</summary>
public sealed class ZarrCacheOptions
{
    /// <summary>The directory of the cache; made if there is none. Required.</summary>
    public string Directory { get; set; } = "";

    /// <summary>The back ends that the cache may be opened with: <c>Backends.AddSqlite().AddFileSystem()</c>.</summary>
    public CacheBackends Backends { get; set; } = new();

    /// <summary>What differs from the cache's manifest or, for a new cache, from the defaults.</summary>
    public CacheDirectorySettings Settings { get; set; } = new();

    /// <summary>The stores that are served, each under <c>/{id}/</c>. At least one; nothing else is ever read for a client.</summary>
    public IList<GatewayStore> Stores { get; } = [];

    /// <summary>
    /// The names in the <c>Host</c> header that are answered, without ports; <c>*</c> for any. By default those of this machine
    /// for itself, so that no page of another site reaches the gateway by a name that it lets point here.
    /// </summary>
    public ISet<string> AllowedHosts { get; } = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "localhost", "127.0.0.1", "[::1]" };

    /// <summary>Whether clients on other machines are answered, if the application listens where they can reach it. False by default: loopback only.</summary>
    public bool AllowRemoteClients { get; set; }

    /// <summary>The origins (<c>https://viewer.example.org</c>) of pages that may read what is served, by CORS; <c>*</c> for any. None by default.</summary>
    public ISet<string> CorsOrigins { get; } = new HashSet<string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Requests under way at once; more are answered 503 and told to come back. 1 to 1,000,000, default 2,000.</summary>
    public int MaxConcurrentRequests { get; set; } = 2000;

    /// <summary>
    /// How long clients may use what they were served without asking again (<c>Cache-Control: max-age</c>). Zero by default:
    /// they ask with the ETag each time, which costs a 304, since a client's copy would outlast a change that the cache has seen.
    /// </summary>
    public TimeSpan ClientMaxAge { get; set; }

    /// <summary>Refuses what is out of range or contradicts itself.</summary>
    /// <exception cref="ArgumentException">The message names the value and the rule.</exception>
    public void Validate()
    {
        Require(!string.IsNullOrWhiteSpace(Directory), nameof(Directory), "no directory is given; the cache needs one of its own");
        Require(Stores.Count > 0, nameof(Stores), "there is no store; give at least one");
        Require(AllowedHosts.Count > 0, nameof(AllowedHosts), "no host is allowed, so that nobody would be answered");
        Require(MaxConcurrentRequests is >= 1 and <= 1_000_000, nameof(MaxConcurrentRequests), $"it is {MaxConcurrentRequests}; it must be from 1 to 1000000");
        Require(ClientMaxAge >= TimeSpan.Zero && ClientMaxAge <= TimeSpan.FromDays(365), nameof(ClientMaxAge), $"it is {ClientMaxAge}; it must be from zero to a year");
        Require(Stores.DistinctBy(store => store.Id, StringComparer.Ordinal).Count() == Stores.Count, nameof(Stores), "two stores have one id");
        foreach (string origin in CorsOrigins)
        {
            bool isOrigin = origin == "*" || (Uri.TryCreate(origin, UriKind.Absolute, out Uri? url) && url.GetLeftPart(UriPartial.Authority) == origin);
            Require(isOrigin, nameof(CorsOrigins), $"'{origin}' is no origin; write it as https://host or https://host:port, or * for any");
        }
    }

    private static void Require(bool holds, string name, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException($"{name}: {rule}.", name);
        }
    }
}
