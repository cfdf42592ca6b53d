using Amazon.Runtime;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ZarrCache.Storage.S3;

/// <summary>
/// How an <see cref="S3ZarrStore"/> reaches its bucket, and with what patience. What the query of an address says (see
/// <see cref="S3Address"/>) goes before this, this before the environment. Checked when the store is made; a class, not a
/// record, so that no generated <c>ToString</c> shows a secret.
/// </summary>
public sealed class S3StoreOptions
{
    /// <summary>The server, http or https, such as <c>http://127.0.0.1:7480</c>. Default: <c>AWS_ENDPOINT_URL_S3</c> or <c>AWS_ENDPOINT_URL</c>, else Amazon's for the region.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>The region. Default: <c>AWS_REGION</c> or <c>AWS_DEFAULT_REGION</c>, else that of the profile, else <c>us-east-1</c>.</summary>
    public string? Region { get; init; }

    /// <summary>Whether the bucket stands in the path and not in the host name. Default (null): in the path for a server of one's own, in the host name at Amazon's.</summary>
    public bool? PathStyle { get; init; }

    /// <summary>Sign nothing: for public buckets. Default: whether <c>AWS_NO_SIGN_REQUEST</c> says YES.</summary>
    public bool? Anonymous { get; init; }

    /// <summary>The access key, with <see cref="SecretAccessKey"/>. Default: the profile's; without a profile what the SDK finds, in the environment first.</summary>
    public string? AccessKeyId { get; init; }

    /// <summary>The secret that belongs to <see cref="AccessKeyId"/>.</summary>
    public string? SecretAccessKey { get; init; }

    /// <summary>The token that belongs to temporary keys.</summary>
    public string? SessionToken { get; init; }

    /// <summary>The profile of the shared AWS files (<c>~/.aws</c>) that keys and region are taken from. Default: what the SDK makes of <c>AWS_PROFILE</c>.</summary>
    public string? Profile { get; init; }

    /// <summary>Credentials of any kind that the SDK knows, such as of an assumed role. Default: from the options above.</summary>
    public AWSCredentials? Credentials { get; init; }

    /// <summary>Agree to pay for requests and transfers, as some public buckets want it. Default: whether <c>AWS_REQUEST_PAYER</c> says <c>requester</c>.</summary>
    public bool? RequesterPays { get; init; }

    /// <summary>What the SDK's <c>User-Agent</c> ends in, as <c>app/…</c>; 1 to 50 characters of those that such a name may have. Default: <c>ZarrCache-</c> and the version.</summary>
    public string UserAgent { get; init; } = "ZarrCache-" + typeof(S3StoreOptions).Assembly.GetName().Version?.ToString(3);

    /// <summary>
    /// Whether uploads carry a check sum (CRC32) beside their signature. By default (<see cref="S3RequestChecksums.Auto"/>) only at
    /// Amazon's: the SDK would send it as a trailer of the body, which many S3-compatible servers refuse, and some
    /// store as bytes of the object.
    /// </summary>
    public S3RequestChecksums RequestChecksums { get; init; }

    /// <summary>Refuse to write, with a <see cref="NotSupportedException"/>. Default false.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Whether answers carry Last-Modified, for which a write must ask the server once more. Default true; the chunks of a cache do without.</summary>
    public bool LastModified { get; init; } = true;

    /// <summary>Status codes that mean absent besides 404: 403 for a bucket that may be read and not listed. It counts only where the server says <c>AccessDenied</c>, not where a key or a signature is wrong.</summary>
    public IReadOnlyCollection<int> AbsentStatusCodes { get; init; } = [];

    /// <summary>Values longer than this, bytes, are uploaded in parts. 5 MiB to 5 GiB, default 16 MiB.</summary>
    public long MultipartThreshold { get; init; } = 16L << 20;

    /// <summary>The length of such a part, bytes; longer where 10,000 parts would not do. 5 MiB to 1 GiB, default 8 MiB.</summary>
    public long PartSize { get; init; } = 8L << 20;

    /// <summary>Uploads, of values or parts, that are under way at once. 1 to 1,000, default 16.</summary>
    public int MaxUploads { get; init; } = 16;

    /// <summary>Reads that are under way at once; further ones wait their turn. 1 to 10,000, default 32.</summary>
    public int MaxConnections { get; init; } = 32;

    /// <summary>How long to wait for a connection. Default 15 s; 2 s for the chunks of a cache.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long one attempt at a request may take until its headers are there, connecting included. Default 30 s; 5 s for the chunks of a cache.</summary>
    public TimeSpan HeadersTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one attempt at an upload, of a value or a part, may take. Default 1 min.</summary>
    public TimeSpan UploadTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long all attempts at a request together may take, waits between them included. Default 2 min.</summary>
    public TimeSpan TotalTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a body may give no byte. Default 30 s; 5 s for the chunks of a cache.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A body that comes more slowly than this (bytes per second, the reader's own pauses not counted) for longer than <see cref="StallTimeout"/> counts as stalled. 0 for no limit, default 1 KiB.</summary>
    public long MinBytesPerSecond { get; init; } = 1024;

    /// <summary>How often a request is repeated after a failure that may pass. 0 to 20, default 4; 1 for the chunks of a cache. The SDK's own repetitions are off.</summary>
    public int MaxRetries { get; init; } = 4;

    /// <summary>The mean wait before the first repetition, doubled for each further one, with jitter; <c>Retry-After</c> goes before it. Default 250 ms.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest wait between repetitions, save what <c>Retry-After</c> asks for. Default 10 s.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a server that failed two requests in a row, with all their attempts, is not asked at all; zero asks every time, else at least half a second. Default zero; 10 s for the chunks of a cache, whose readers have an origin to turn to.</summary>
    public TimeSpan BreakDuration { get; init; }

    /// <summary>How often a body that breaks off is continued from where it stopped, under If-Match. 0 to 100, default 3.</summary>
    public int MaxResumptions { get; init; } = 3;

    /// <summary>The longest body without a <c>Content-Length</c>, bytes; it is held in memory to learn its size. 0 to 1 GiB, default 64 MiB.</summary>
    public long MaxUnsizedBody { get; init; } = 64L << 20;

    /// <summary>Where the variables named above are read from, once, when the store is made. Default: the process's environment. The SDK reads its own there in any case.</summary>
    public Func<string, string?> GetEnvironmentVariable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>Told of repetitions, continuations and refusals. Default: nobody.</summary>
    public ILogger? Logger { get; init; }

    /// <summary>Tells the time. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Those of a cache's own chunks: impatient, because its readers have an origin to turn to.</summary>
    internal static S3StoreOptions ForChunks(TimeProvider? time = null, ILogger? logger = null) => new()
    {
        LastModified = false,
        ConnectTimeout = TimeSpan.FromSeconds(2),
        HeadersTimeout = TimeSpan.FromSeconds(5),
        StallTimeout = TimeSpan.FromSeconds(5),
        MaxRetries = 1,
        BreakDuration = TimeSpan.FromSeconds(10),
        TimeProvider = time ?? TimeProvider.System,
        Logger = logger,
    };

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
        BreakDuration = BreakDuration,
        Logger = Logger ?? NullLogger.Instance,
        TimeProvider = TimeProvider,
    };

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(AbsentStatusCodes);
        ArgumentNullException.ThrowIfNull(GetEnvironmentVariable);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        ArgumentException.ThrowIfNullOrWhiteSpace(UserAgent);
        OptionRange.Check(nameof(UserAgent) + "'s length", UserAgent.Length, 1, 50);
        OptionRange.Check(nameof(MultipartThreshold), MultipartThreshold, 5L << 20, 5L << 30);
        OptionRange.Check(nameof(PartSize), PartSize, 5L << 20, 1L << 30);
        OptionRange.Check(nameof(MaxUploads), MaxUploads, 1, 1000);
        OptionRange.Check(nameof(MaxConnections), MaxConnections, 1, 10_000);
        OptionRange.Check(nameof(MaxRetries), MaxRetries, 0, 20);
        OptionRange.Check(nameof(MaxResumptions), MaxResumptions, 0, 100);
        OptionRange.Check(nameof(MinBytesPerSecond), MinBytesPerSecond, 0, 1L << 40);
        OptionRange.Check(nameof(MaxUnsizedBody), MaxUnsizedBody, 0, 1L << 30);
        OptionRange.Check(nameof(ConnectTimeout), ConnectTimeout, TimeSpan.FromMilliseconds(10));
        OptionRange.Check(nameof(HeadersTimeout), HeadersTimeout, TimeSpan.FromMilliseconds(10));
        OptionRange.Check(nameof(UploadTimeout), UploadTimeout, TimeSpan.FromMilliseconds(10));
        OptionRange.Check(nameof(TotalTimeout), TotalTimeout, TimeSpan.FromMilliseconds(10));
        OptionRange.Check(nameof(StallTimeout), StallTimeout, TimeSpan.FromMilliseconds(10));
        OptionRange.Check(nameof(RetryDelay), RetryDelay, TimeSpan.Zero);
        OptionRange.Check(nameof(MaxRetryDelay), MaxRetryDelay, TimeSpan.Zero);
        if (BreakDuration != TimeSpan.Zero)
        {
            OptionRange.Check(nameof(BreakDuration), BreakDuration, TimeSpan.FromMilliseconds(500));
        }

        OptionRange.CheckAbsent(nameof(AbsentStatusCodes), AbsentStatusCodes);
        ValidateCredentials();
    }

    private void ValidateCredentials()
    {
        if (AccessKeyId is null != SecretAccessKey is null)
        {
            throw new ArgumentException($"{nameof(AccessKeyId)} and {nameof(SecretAccessKey)} must be given together.", nameof(AccessKeyId));
        }

        if (SessionToken is not null && AccessKeyId is null)
        {
            throw new ArgumentException($"{nameof(SessionToken)} is given without {nameof(AccessKeyId)}.", nameof(SessionToken));
        }

        string[] given = [.. new (string Name, bool IsGiven)[]
        {
            (nameof(AccessKeyId), AccessKeyId is not null), (nameof(Profile), Profile is not null), (nameof(Credentials), Credentials is not null), (nameof(Anonymous), Anonymous == true),
        }.Where(one => one.IsGiven).Select(one => one.Name)];
        if (given.Length > 1)
        {
            throw new ArgumentException($"Only one of {string.Join(" and ", given)} may be given.", given[1]);
        }
    }
}
