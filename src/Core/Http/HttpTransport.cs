using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ZarrCache;

/// <summary>
/// Sends the requests of one origin until the headers of an answer are there: retries, redirects, time-outs, credentials.
/// Thread-safe.
/// </summary>
internal sealed partial class HttpTransport : IRemoteTransport, IDisposable
{
    private const int MaxRedirects = 10;

    /// <summary>What is left of a body that nobody wants is read up to here to keep the connection; beyond, the connection is closed.</summary>
    private const int MaxDrain = 16 << 10;

    private static readonly string[] OwnHeaders =
        ["Accept-Encoding", "Host", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Range", "User-Agent"];

    private readonly HttpZarrStoreOptions _options;
    private readonly ILogger _logger;
    private readonly OriginUrl _origin;
    private readonly string? _authorization;
    private readonly HttpMessageInvoker _invoker;
    private readonly Attempts _attempts;

    public HttpTransport(OriginUrl origin, HttpZarrStoreOptions options)
    {
        _options = options;
        _logger = options.Logger ?? NullLogger.Instance;
        _origin = origin;
        _authorization = HttpCredentials.Resolve(options, origin.UserInfo);
        CheckHeaders();
        _attempts = new Attempts(options.ToAttemptOptions());
        _invoker = options.Handler is { } handler ? new HttpMessageInvoker(handler, disposeHandler: false) : new HttpMessageInvoker(CreateHandler(options));
    }

    /// <inheritdoc/>
    public async Task<RemoteReply> SendAsync(string key, ReadOptions read, CancellationToken ct)
    {
        HttpResponseMessage response = await _attempts.RunAsync(
            static (state, token) => state.Self.AttemptAsync(state.Url, state.Read, token),
            (Self: this, Url: _origin.For(key), Read: read),
            _options.HeadersTimeout,
            static state => OriginUrl.Redact(state.Url),
            ct).ConfigureAwait(false);
        return new RemoteReply(HeadersOf(response), await response.Content.ReadAsStreamAsync(CancellationToken.None).ConfigureAwait(false), response);
    }

    /// <inheritdoc/>
    public string Describe(string key) => OriginUrl.Redact(_origin.For(key));

    /// <inheritdoc/>
    public bool IsAbsent(int status) => _options.IsAbsent(status);

    public void Dispose() => _invoker.Dispose();

    private static SocketsHttpHandler CreateHandler(HttpZarrStoreOptions options) => new()
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = options.ConnectTimeout,
        MaxConnectionsPerServer = options.MaxConnections,
        MaxResponseDrainSize = MaxDrain,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5), // a host that moves is found at its new address
        UseCookies = false,
    };

    private AnswerHeaders HeadersOf(HttpResponseMessage response)
    {
        HttpContentHeaders content = response.Content.Headers;
        return new AnswerHeaders
        {
            Status = (int)response.StatusCode,
            ContentLength = content.ContentLength,
            IsDelimited = response.Headers.TransferEncodingChunked == true || response.Version >= HttpVersion.Version20,
            ContentRange = content.ContentRange,
            ContentCoding = content.ContentEncoding.FirstOrDefault(coding => !coding.Equals("identity", StringComparison.OrdinalIgnoreCase)),
            IsPage = !_options.AllowHtml && content.ContentType?.MediaType?.Equals("text/html", StringComparison.OrdinalIgnoreCase) == true,
            ETag = response.Headers.NonValidated.TryGetValues("ETag", out HeaderStringValues tags) ? tags.ToString() : null,
            LastModified = content.LastModified,
        };
    }

    private async Task<HttpResponseMessage> AttemptAsync(Uri url, ReadOptions read, CancellationToken ct)
    {
        HttpResponseMessage response = await FollowAsync(url, read, ct).ConfigureAwait(false);
        if (!RemoteStatusException.IsTransient(response.StatusCode))
        {
            return response;
        }

        using (response)
        {
            throw new RemoteStatusException(response.StatusCode, $"{OriginUrl.Redact(url)} answered {(int)response.StatusCode} ({response.StatusCode}).", RetryAfter(response));
        }
    }

    private async Task<HttpResponseMessage> FollowAsync(Uri url, ReadOptions read, CancellationToken ct)
    {
        Uri target = url;
        for (int redirects = 0; ; redirects++)
        {
            using HttpRequestMessage request = CreateRequest(target, read);
            HttpResponseMessage response = await _invoker.SendAsync(request, ct).ConfigureAwait(false);
            if (response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)
                || response.Headers.Location is not { } location)
            {
                return response;
            }

            response.Dispose();
            if (!Uri.TryCreate(target, location, out Uri? next))
            {
                throw new StoreException($"{OriginUrl.Redact(target)} redirects to what is no URL.");
            }

            if (redirects == MaxRedirects)
            {
                throw new StoreException($"{OriginUrl.Redact(url)} redirects more than {MaxRedirects} times, last to {OriginUrl.Redact(next)}.");
            }

            CheckRedirect(url, target, next);
            string from = OriginUrl.Redact(target);
            string to = OriginUrl.Redact(next);
            LogRedirect(_logger, from, to);
            target = next;
        }
    }

    private void CheckRedirect(Uri url, Uri from, Uri to)
    {
        if (to.Scheme is not ("http" or "https") || (from.Scheme == "https" && to.Scheme == "http"))
        {
            throw new StoreException($"{OriginUrl.Redact(url)} redirects to {OriginUrl.Redact(to)}, which is not followed: a redirect must keep to https.");
        }

        if (!IsOwnHost(to) && !_options.AllowRedirectsToOtherHosts)
        {
            throw new StoreException($"{OriginUrl.Redact(url)} redirects to {OriginUrl.Redact(to)}, another host, which is not followed unless {nameof(HttpZarrStoreOptions.AllowRedirectsToOtherHosts)} is set.");
        }
    }

    /// <summary>The host and port of the origin, or the https side of an http origin.</summary>
    private bool IsOwnHost(Uri url) =>
        string.Equals(url.IdnHost, _origin.Host.IdnHost, StringComparison.OrdinalIgnoreCase)
        && ((url.Scheme == _origin.Host.Scheme && url.Port == _origin.Host.Port)
            || (_origin.Host is { Scheme: "http", IsDefaultPort: true } && url is { Scheme: "https", IsDefaultPort: true }));

    private HttpRequestMessage CreateRequest(Uri url, in ReadOptions read)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, url);
        Add("Accept-Encoding", "identity");
        Add("User-Agent", _options.UserAgent);
        Add("Range", read.Range.IsAll ? null : read.Range.ToString());
        Add("If-Match", read.IfMatch);
        Add("If-None-Match", read.IfNoneMatch);
        Add("If-Modified-Since", read.IfNoneMatch is null ? read.IfModifiedSince?.ToString("R", CultureInfo.InvariantCulture) : null);
        if (IsOwnHost(url))
        {
            Add("Authorization", _authorization);
            foreach ((string name, string value) in _options.Headers)
            {
                Add(name, value);
            }
        }

        return request;

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                if (HasLineBreak(value))
                {
                    throw new ArgumentException($"The value for {name} has a line break.", nameof(read));
                }

                request.Headers.TryAddWithoutValidation(name, value);
            }
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        TimeSpan? wait = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - _options.TimeProvider.GetUtcNow(),
            _ => null,
        };
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    /// <summary>A line break would end the header and begin another.</summary>
    private static bool HasLineBreak(string value) => value.AsSpan().ContainsAny('\r', '\n', '\0');

    private void CheckHeaders()
    {
        using var request = new HttpRequestMessage();
        foreach ((string name, string value) in _options.Headers)
        {
            if (OwnHeaders.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                throw new ArgumentException($"Headers has '{name}', which the store sets itself.", nameof(HttpZarrStoreOptions.Headers));
            }

            if (HasLineBreak(value) || !request.Headers.TryAddWithoutValidation(name, value))
            {
                throw new ArgumentException($"Headers has '{name}', which is no request header, or its value has a line break.", nameof(HttpZarrStoreOptions.Headers));
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{From} redirects to {To}")]
    private static partial void LogRedirect(ILogger logger, string from, string to);
}
