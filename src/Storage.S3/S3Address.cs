namespace ZarrCache.Storage.S3;

/// <summary>
/// The address of a prefix in a bucket: <c>s3://bucket/prefix</c>, with the key as it is (nothing is unescaped), and how to get there in
/// a query, so that an address alone opens a store: <c>endpoint</c>, <c>region</c>, <c>profile</c>, and <c>anonymous</c>,
/// <c>path-style</c>, <c>requester-pays</c> with <c>true</c> or <c>false</c>. It never holds a secret: an address that has one, or
/// anything unknown, is refused.
/// </summary>
public sealed record S3Address
{
    /// <summary>What addresses begin with.</summary>
    public const string Scheme = "s3";

    private const string Start = Scheme + "://";
    private const string Known = "endpoint, region, profile, anonymous, path-style, requester-pays";

    private S3Address(string bucket, string prefix)
    {
        Bucket = bucket;
        Prefix = prefix;
    }

    /// <summary>The bucket.</summary>
    public string Bucket { get; }

    /// <summary>What the names of all objects begin with: empty, or ending in <c>/</c>.</summary>
    public string Prefix { get; }

    /// <summary>See <see cref="S3StoreOptions.Endpoint"/>; null if the address does not say.</summary>
    public Uri? Endpoint { get; init; }

    /// <inheritdoc cref="S3StoreOptions.Region"/>
    public string? Region { get; init; }

    /// <inheritdoc cref="S3StoreOptions.Profile"/>
    public string? Profile { get; init; }

    /// <inheritdoc cref="S3StoreOptions.Anonymous"/>
    public bool? Anonymous { get; init; }

    /// <inheritdoc cref="S3StoreOptions.PathStyle"/>
    public bool? PathStyle { get; init; }

    /// <inheritdoc cref="S3StoreOptions.RequesterPays"/>
    public bool? RequesterPays { get; init; }

    /// <summary>Whether this is such an address, good or bad.</summary>
    public static bool IsOne(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.StartsWith(Start, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Reads an address.</summary>
    /// <exception cref="ArgumentException">It is none; the message says what is wrong and shows no secret.</exception>
    public static S3Address Parse(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!IsOne(address))
        {
            throw new ArgumentException($"'{Cut(address)}' must begin with {Start}.", nameof(address));
        }

        string[] halves = address[Start.Length..].Split('?', 2);
        string place = halves[0].TrimEnd('/');
        int slash = place.IndexOf('/', StringComparison.Ordinal);
        string bucket = slash < 0 ? place : place[..slash];
        if (bucket.Contains('@', StringComparison.Ordinal))
        {
            throw new ArgumentException($"An {Start} address has no user and no secret in it; credentials come from the environment, a profile or the options.", nameof(address));
        }

        if (bucket.Length is < 3 or > 255 || !bucket.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
        {
            throw new ArgumentException($"'{bucket}' is no bucket: a name has 3 to 255 letters, digits, '.', '-' and '_'; write {Start}bucket/path.", nameof(address));
        }

        string prefix = slash < 0 ? "" : place[(slash + 1)..] + "/";
        try
        {
            ZarrKey.ValidatePrefix(prefix);
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"The path of {Start}{bucket} is none. {e.Message}", nameof(address), e);
        }

        var parsed = new S3Address(bucket, prefix);
        foreach (string pair in halves.Length < 2 ? [] : halves[1].Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            parsed = parsed.With(Uri.UnescapeDataString(parts[0]), parts.Length < 2 ? null : Uri.UnescapeDataString(parts[1]));
        }

        return parsed;
    }

    /// <summary>What tells one place from another: bucket, prefix, and the endpoint if there is one. As <see cref="OriginAddress"/> spells it.</summary>
    public override string ToString() => Format(Bucket, Prefix, Endpoint);

    internal static string Format(string bucket, string prefix, Uri? endpoint) => OriginAddress.Normalize($"{Start}{bucket}/{prefix}{(endpoint is null ? "" : "?endpoint=" + endpoint)}");

    /// <summary>A server, without what could be secret.</summary>
    internal static Uri CheckEndpoint(Uri endpoint) =>
        endpoint is { IsAbsoluteUri: true, Scheme: "http" or "https", UserInfo: "", Query: "", Fragment: "" }
            ? endpoint
            : throw new ArgumentException("The endpoint must be an absolute http or https URL without user, query and fragment, such as http://127.0.0.1:7480.", nameof(endpoint));

    private S3Address With(string name, string? value)
    {
        return name switch
        {
            "endpoint" => this with { Endpoint = CheckEndpoint(Uri.TryCreate(value, UriKind.Absolute, out Uri? url) ? url : new Uri("none", UriKind.Relative)) },
            "region" => this with { Region = Text() },
            "profile" => this with { Profile = Text() },
            "anonymous" => this with { Anonymous = Flag() },
            "path-style" => this with { PathStyle = Flag() },
            "requester-pays" => this with { RequesterPays = Flag() },
            _ => throw new ArgumentException($"The address has '{Cut(name)}', which is none of {Known}. Keys and secrets come from the environment, a profile or the options.", nameof(name)),
        };

        string Text() => !string.IsNullOrWhiteSpace(value) ? value : throw new ArgumentException($"The address has '{name}' without a value.", nameof(value));

        bool Flag() => value switch
        {
            null or "" or "true" => true,
            "false" => false,
            _ => throw new ArgumentException($"The address has {name}={Cut(value)}; it must be true or false.", nameof(value)),
        };
    }

    private static string Cut(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
