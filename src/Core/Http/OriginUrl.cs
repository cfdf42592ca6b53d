using System.Text;

namespace ZarrCache;

/// <summary>
/// The address of an origin: where its keys lie, what is appended to each request, and how it is shown. Queries of signed
/// URLs and user info are secrets and never shown.
/// </summary>
internal sealed class OriginUrl
{
    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly string _base;
    private readonly string _query;

    /// <exception cref="ArgumentException">It is no absolute http or https URL, or has a fragment.</exception>
    public OriginUrl(Uri url)
    {
        ArgumentNullException.ThrowIfNull(url);
        if (!url.IsAbsoluteUri || url.Scheme is not ("http" or "https"))
        {
            throw new ArgumentException($"The origin '{(url.IsAbsoluteUri ? Redact(url) : url.OriginalString.Split('?')[0])}' must be an absolute http or https URL.", nameof(url));
        }

        if (url.Fragment.Length > 0)
        {
            throw new ArgumentException($"The origin '{Redact(url)}' must have no fragment ('#…'): it would not be sent.", nameof(url));
        }

        Host = url;
        _base = url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/') + "/";
        _query = url.Query;
        UserInfo = url.UserInfo.Length == 0 ? null : url.UserInfo;
    }

    /// <summary>As given; for comparing hosts.</summary>
    public Uri Host { get; }

    /// <summary><c>user:password</c>, escaped, as the URL had it.</summary>
    public string? UserInfo { get; }

    /// <summary>The URL of a key: each segment escaped, the query of the origin appended.</summary>
    public Uri For(string key)
    {
        var url = new StringBuilder(_base, _base.Length + key.Length + _query.Length + 16);
        foreach (Range segment in key.AsSpan().Split('/'))
        {
            url.Append(Uri.EscapeDataString(key.AsSpan()[segment])).Append('/');
        }

        url.Length--;
        return new Uri(url.Append(_query).ToString(), AsWritten);
    }

    /// <summary>What may be shown of a URL: no user info, no query.</summary>
    public static string Redact(Uri url) =>
        $"{url.Scheme}://{url.Authority}{url.AbsolutePath}{(url.Query.Length > 0 ? "?…" : "")}";
}
