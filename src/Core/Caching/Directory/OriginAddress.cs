namespace ZarrCache;

/// <summary>
/// The address of an origin as it may be written down and compared: an http(s) or other URL without user info, query and
/// fragment (which carry secrets and signatures that change), or the full path of a directory. Of <c>s3://bucket/prefix</c> the
/// server is part, as <c>?endpoint=…</c>: two servers may have buckets of one name.
/// </summary>
public static class OriginAddress
{
    private const string SchemeEnd = "://";
    private const string Bucket = "s3://";
    private const string Endpoint = "endpoint=";

    /// <summary>Whether this is a URL, and not the path of a directory.</summary>
    public static bool IsUrl(string origin)
    {
        ArgumentNullException.ThrowIfNull(origin);
        return origin.Contains(SchemeEnd, StringComparison.Ordinal);
    }

    /// <summary>
    /// The address without secrets, spelled in one way: scheme and host in lower case, no default port, no <c>/</c> at the
    /// end; a path made full, <c>file://</c> taken off. Idempotent.
    /// </summary>
    /// <exception cref="ArgumentException">It is empty or no URL. The message does not repeat what may be secret.</exception>
    public static string Normalize(string origin)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(origin);
        if (!IsUrl(origin))
        {
            return Path.TrimEndingDirectorySeparator(Path.GetFullPath(origin));
        }

        if (origin.StartsWith(Bucket, StringComparison.OrdinalIgnoreCase))
        {
            return NormalizeBucket(origin);
        }

        if (!Uri.TryCreate(origin, UriKind.Absolute, out Uri? url) || (!url.IsFile && url.Host.Length == 0))
        {
            string scheme = origin[..origin.IndexOf(SchemeEnd, StringComparison.Ordinal)];
            throw new ArgumentException($"The origin that begins with '{scheme}{SchemeEnd}' is no URL; write it as https://host/path.", nameof(origin));
        }

        return url.IsFile
            ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(url.LocalPath))
            : url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');
    }

    /// <summary>No URL: the names of buckets and objects have case, and nothing in them is escaped.</summary>
    private static string NormalizeBucket(string origin)
    {
        string[] halves = origin[Bucket.Length..].Split('?', 2);
        string place = halves[0].TrimEnd('/');
        if (place.Length == 0 || place[0] == '/' || place.Split('/')[0].Contains('@', StringComparison.Ordinal))
        {
            throw new ArgumentException($"The origin that begins with '{Bucket}' names no bucket, or has a user in it; write it as {Bucket}bucket/path.", nameof(origin));
        }

        string? endpoint = halves.ElementAtOrDefault(1)?.Split('&').FirstOrDefault(pair => pair.StartsWith(Endpoint, StringComparison.Ordinal))?[Endpoint.Length..];
        return endpoint is null ? Bucket + place : $"{Bucket}{place}?{Endpoint}{Normalize(Uri.UnescapeDataString(endpoint))}";
    }
}
