namespace ZarrCache.Server;

/// <summary>A store that a gateway serves.</summary>
public sealed class GatewayStore
{
    /// <summary>First segments of paths that are the gateway's own.</summary>
    private static readonly string[] Reserved = ["-", "metrics", "healthz", "favicon.ico", "robots.txt"];

    /// <summary>A store.</summary>
    /// <param name="id">Its name: the first segment of its URLs, and its id in the cache.</param>
    /// <param name="address">Where its origin is: a URL or the path of a directory. What may be secret in it is shown and written nowhere.</param>
    /// <param name="openOrigin">Opens the origin when the application starts; it is disposed of with the application.</param>
    /// <exception cref="ArgumentException">The id is none, or one of the gateway's own names.</exception>
    public GatewayStore(string id, string address, Func<IServiceProvider, IZarrStore> openOrigin)
    {
        ZarrKey.ValidateStoreId(id);
        ArgumentException.ThrowIfNullOrWhiteSpace(address);
        ArgumentNullException.ThrowIfNull(openOrigin);
        if (id.AsSpan().IndexOfAny("/\\?#%") >= 0)
        {
            throw new ArgumentException($"The store id '{id}' has one of / \\ ? # % in it; it is one segment of a URL here.", nameof(id));
        }

        if (Reserved.Contains(id, StringComparer.OrdinalIgnoreCase))
        {
            throw new ArgumentException($"The store id '{id}' is a path of the gateway's own ({string.Join(", ", Reserved)}); choose another.", nameof(id));
        }

        Id = id;
        Address = OriginAddress.Normalize(address);
        FullAddress = address;
        OpenOrigin = openOrigin;
    }

    /// <summary>A store over HTTP.</summary>
    /// <inheritdoc cref="GatewayStore(string, string, Func{IServiceProvider, IZarrStore})"/>
    public GatewayStore(string id, Uri origin, HttpZarrStoreOptions? options = null)
        : this(id, (origin ?? throw new ArgumentNullException(nameof(origin))).OriginalString, _ => new HttpZarrStore(origin, options))
    {
    }

    /// <summary>The first segment of its URLs, and its id in the cache.</summary>
    public string Id { get; }

    /// <summary>Where its origin is, without secrets.</summary>
    public string Address { get; }

    /// <summary>Times to live and the rest.</summary>
    public CachedStoreOptions Options { get; init; } = new();

    /// <summary>What it may count on and may take of the cache; null to leave what the cache's manifest says.</summary>
    public StoreQuota? Quota { get; init; }

    internal string FullAddress { get; }

    internal Func<IServiceProvider, IZarrStore> OpenOrigin { get; }
}
