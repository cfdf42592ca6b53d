using System.Net.Http.Headers;
using System.Text;

namespace ZarrCache;

/// <summary>Which credentials a store sends: those of its options, else those of the URL, else those of the environment.</summary>
internal static class HttpCredentials
{
    public const string TokenVariable = "ZARRCACHE_HTTP_TOKEN";
    public const string UserVariable = "ZARRCACHE_HTTP_USER";
    public const string PasswordVariable = "ZARRCACHE_HTTP_PASSWORD";

    /// <summary>The <c>Authorization</c> header; null for none.</summary>
    /// <exception cref="ArgumentException">They contradict each other, or cannot be sent; the message shows none of them.</exception>
    public static string? Resolve(HttpZarrStoreOptions options, string? userInfo)
    {
        bool inHeaders = options.Headers.Keys.Contains("Authorization", StringComparer.OrdinalIgnoreCase);
        if ((inHeaders ? 1 : 0) + (options.BearerToken is null ? 0 : 1) + (options.User is null ? 0 : 1) > 1)
        {
            throw new ArgumentException("Only one of BearerToken, User and an Authorization header may be given.", nameof(options));
        }

        if (options.Password is not null && options.User is null)
        {
            throw new ArgumentException("Password is given without User.", nameof(options));
        }

        if (inHeaders)
        {
            return null;
        }

        if (options.BearerToken is { } token)
        {
            return Bearer(token, nameof(options.BearerToken));
        }

        if (options.User is { } user)
        {
            return Basic(user, options.Password ?? "");
        }

        if (userInfo is not null)
        {
            string[] parts = userInfo.Split(':', 2);
            return Basic(Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts.ElementAtOrDefault(1) ?? ""));
        }

        string? Variable(string name) => options.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

        return Variable(TokenVariable) is { } environmentToken ? Bearer(environmentToken, TokenVariable)
            : Variable(UserVariable) is { } environmentUser ? Basic(environmentUser, Variable(PasswordVariable) ?? "")
            : null;
    }

    private static string Bearer(string token, string source) =>
        token.Length > 0 && token.All(c => c is > ' ' and < '\x7f')
            ? new AuthenticationHeaderValue("Bearer", token).ToString()
            : throw new ArgumentException($"{source} must be visible ASCII characters without spaces.");

    private static string Basic(string user, string password) =>
        user.Contains(':', StringComparison.Ordinal)
            ? throw new ArgumentException("The user of basic authentication must have no ':' in it.")
            : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"))).ToString();
}
