using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ZarrCache;

/// <summary>
/// How an <see cref="HttpZarrStore"/> asks. Checked when the store is made; a class, not a record, so that no generated
/// <c>ToString</c> shows a secret.
/// </summary>
public sealed class HttpZarrStoreOptions
{
    /// <summary>Headers for every request to the origin's own host. Names that the store sets itself are refused.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Sent as <c>Authorization: Bearer</c>. Default: the variable <c>ZARRCACHE_HTTP_TOKEN</c>, if neither user nor URL give credentials.</summary>
    public string? BearerToken { get; init; }

    /// <summary>The user of basic authentication. Default: that of the URL, else the variable <c>ZARRCACHE_HTTP_USER</c>.</summary>
    public string? User { get; init; }

    /// <summary>The password that belongs to <see cref="User"/>. Default: that of the URL, else the variable <c>ZARRCACHE_HTTP_PASSWORD</c>.</summary>
    public string? Password { get; init; }

    /// <summary>Where the variables are read from, once, when the store is made. Default: the process's environment.</summary>
    public Func<string, string?> GetEnvironmentVariable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>The <c>User-Agent</c>. Default: <c>ZarrCache/</c> and the version.</summary>
    public string UserAgent { get; init; } = "ZarrCache/" + typeof(HttpZarrStoreOptions).Assembly.GetName().Version?.ToString(3);

    /// <summary>Connections and so reads that are under way at once; further ones wait their turn. 1 to 10,000, default 32.</summary>
    public int MaxConnections { get; init; } = 32;

    /// <summary>How long to wait for a connection. Default 15 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long one attempt may take until the headers are there, connecting included. Default 30 s.</summary>
    public TimeSpan HeadersTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long all attempts together may take until the headers are there, waits between them included. Default 2 min.</summary>
    public TimeSpan TotalTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a body may give no byte. Default 30 s.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A body that comes more slowly than this (bytes per second, the reader's own pauses not counted) for longer than
    /// <see cref="StallTimeout"/> counts as stalled. 0 for no limit, default 1 KiB.
    /// </summary>
    public long MinBytesPerSecond { get; init; } = 1024;

    /// <summary>How often a request is repeated after a failure that may pass. 0 to 20, default 4.</summary>
    public int MaxRetries { get; init; } = 4;

    /// <summary>The mean wait before the first repetition, doubled for each further one, with jitter; <c>Retry-After</c> goes before it. Default 250 ms.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest wait between repetitions, save what <c>Retry-After</c> asks for. Default 10 s.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a body that breaks off is continued from where it stopped, if the object has a strong ETag. 0 to 100, default 3.</summary>
    public int MaxResumptions { get; init; } = 3;

    /// <summary>The longest body without a <c>Content-Length</c>, bytes; it is held in memory to learn its size. 0 to 1 GiB, default 64 MiB.</summary>
    public long MaxUnsizedBody { get; init; } = 64L << 20;

    /// <summary>Status codes that mean absent besides 404 and 410, for instance 403 of a bucket that may not be listed. Only 4xx without a meaning of their own.</summary>
    public IReadOnlyCollection<int> AbsentStatusCodes { get; init; } = [];

    /// <summary>Takes <c>text/html</c> for data. Default false: a value that says so is a log-in page, a captive portal or an error page with status 200.</summary>
    public bool AllowHtml { get; init; }

    /// <summary>Follows redirects to other hosts or ports too, without headers and credentials. Default false: only to the same one, and from http to https there.</summary>
    public bool AllowRedirectsToOtherHosts { get; init; }

    /// <summary>
    /// What carries the requests, for instance with a proxy or a client certificate; never disposed of, and its own
    /// redirects, cookies and decompression must be off. Default: one of the store's own.
    /// </summary>
    public HttpMessageHandler? Handler { get; init; }

    /// <summary>Told of repetitions, continuations and refusals. Default: nobody.</summary>
    public ILogger? Logger { get; init; }

    /// <summary>Tells the time. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal bool IsAbsent(int status) => status is 404 or 410 || AbsentStatusCodes.Contains(status);

    internal RemoteReaderOptions ToReaderOptions() => new()
    {
        MaxConnections = MaxConnections,
        MaxResumptions = MaxResumptions,
        MaxUnsizedBody = MaxUnsizedBody,
        StallTimeout = StallTimeout,
        MinBytesPerSecond = MinBytesPerSecond,
        Logger = Logger ?? NullLogger.Instance,
        TimeProvider = TimeProvider,
    };

    internal AttemptOptions ToAttemptOptions() => new()
    {
        MaxRetries = MaxRetries,
        RetryDelay = RetryDelay,
        MaxRetryDelay = MaxRetryDelay,
        TotalTimeout = TotalTimeout,
        Logger = Logger ?? NullLogger.Instance,
        TimeProvider = TimeProvider,
    };

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Headers);
        ArgumentNullException.ThrowIfNull(GetEnvironmentVariable);
        ArgumentNullException.ThrowIfNull(AbsentStatusCodes);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        ArgumentException.ThrowIfNullOrWhiteSpace(UserAgent);
        OptionRange.Check(nameof(MaxConnections), MaxConnections, 1, 10_000);
        OptionRange.Check(nameof(MaxRetries), MaxRetries, 0, 20);
        OptionRange.Check(nameof(MaxResumptions), MaxResumptions, 0, 100);
        OptionRange.Check(nameof(MinBytesPerSecond), MinBytesPerSecond, 0, 1L << 40);
        OptionRange.Check(nameof(MaxUnsizedBody), MaxUnsizedBody, 0, 1L << 30);
        OptionRange.Check(nameof(ConnectTimeout), ConnectTimeout, TimeSpan.FromMilliseconds(10));
        OptionRange.Check(nameof(HeadersTimeout), HeadersTimeout, TimeSpan.FromMilliseconds(10));
        OptionRange.Check(nameof(TotalTimeout), TotalTimeout, TimeSpan.FromMilliseconds(10));
        OptionRange.Check(nameof(StallTimeout), StallTimeout, TimeSpan.FromMilliseconds(10));
        OptionRange.Check(nameof(RetryDelay), RetryDelay, TimeSpan.Zero);
        OptionRange.Check(nameof(MaxRetryDelay), MaxRetryDelay, TimeSpan.Zero);
        OptionRange.CheckAbsent(nameof(AbsentStatusCodes), AbsentStatusCodes);
    }
}
