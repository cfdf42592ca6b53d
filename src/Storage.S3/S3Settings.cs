using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.S3;

namespace ZarrCache.Storage.S3;

/// <summary>An address, options and the environment, made one: what the client is made from.</summary>
internal sealed class S3Settings
{
    private const string DefaultRegion = "us-east-1";

    private readonly string? _profile;
    private readonly bool _anonymous;

    /// <exception cref="ArgumentException">An option is out of its range, or two contradict each other; the message names them and shows no secret.</exception>
    public S3Settings(S3Address address, S3StoreOptions options)
    {
        options.Validate();
        Options = options;
        Bucket = address.Bucket;
        _profile = address.Profile ?? options.Profile;
        CredentialProfile? profile = FindProfile();
        Endpoint = address.Endpoint
            ?? (options.Endpoint is { } given ? S3Address.CheckEndpoint(given) : null)
            ?? EndpointOf(Variable("AWS_ENDPOINT_URL_S3") ?? Variable("AWS_ENDPOINT_URL") ?? profile?.EndpointUrl);
        Region = address.Region ?? options.Region ?? Variable("AWS_REGION") ?? Variable("AWS_DEFAULT_REGION") ?? profile?.Region?.SystemName ?? DefaultRegion;
        PathStyle = address.PathStyle ?? options.PathStyle ?? Endpoint is not null;
        RequesterPays = address.RequesterPays ?? options.RequesterPays ?? string.Equals(Variable("AWS_REQUEST_PAYER"), "requester", StringComparison.OrdinalIgnoreCase);
        bool hasCredentials = _profile is not null || options.AccessKeyId is not null || options.Credentials is not null;
        _anonymous = address.Anonymous ?? options.Anonymous ?? (!hasCredentials && Variable("AWS_NO_SIGN_REQUEST") is "YES" or "yes" or "true" or "TRUE" or "1");
        if (_anonymous && address.Profile is not null)
        {
            throw new ArgumentException("The address has a profile, and is anonymous too; leave one of them out.", nameof(address));
        }
    }

    public S3StoreOptions Options { get; }

    public string Bucket { get; }

    /// <summary>A server of one's own; null for Amazon's.</summary>
    public Uri? Endpoint { get; }

    public string Region { get; }

    public bool PathStyle { get; }

    public bool RequesterPays { get; }

    /// <summary>Whether bodies are trusted to the transport, and not hashed for the signature: over TLS they are safe.</summary>
    public bool IsTls => Endpoint is null || Endpoint.Scheme == "https";

    /// <summary>The server as messages name it.</summary>
    public string Server => Endpoint?.ToString().TrimEnd('/') ?? $"Amazon S3 in {Region}";

    /// <summary>A client that repeats nothing itself: that is <see cref="Attempts"/>' work, one way for all remote stores, with a total in time and <c>Retry-After</c>.</summary>
    public AmazonS3Client CreateClient()
    {
        var config = new AmazonS3Config
        {
            AuthenticationRegion = Endpoint is null ? null : Region,
            ClientAppId = Options.UserAgent,
            ForcePathStyle = PathStyle,
            HttpClientFactory = new S3HttpClients(Options.ConnectTimeout),
            MaxErrorRetry = 0,
            RequestChecksumCalculation = UsesRequestChecksums ? RequestChecksumCalculation.WHEN_SUPPORTED : RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED, // ranges have none, and a cache's chunks their own
            Timeout = Timeout.InfiniteTimeSpan, // each attempt has its own
        };
        if (Endpoint is null)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(Region);
        }
        else
        {
            config.ServiceURL = Endpoint.ToString();
        }

        return FindCredentials() is { } credentials ? new AmazonS3Client(credentials, config) : new AmazonS3Client(config);
    }

    private bool UsesRequestChecksums => Options.RequestChecksums switch
    {
        S3RequestChecksums.WhenRequired => false,
        S3RequestChecksums.WhenSupported => true,
        _ => Endpoint is null,
    };

    /// <summary>Null leaves it to what the SDK finds: the environment, then the default profile, then the machine's role.</summary>
    private AWSCredentials? FindCredentials()
    {
        if (_anonymous)
        {
            return new AnonymousAWSCredentials();
        }

        if (Options.AccessKeyId is { } key)
        {
            return Options.SessionToken is { } token ? new SessionAWSCredentials(key, Options.SecretAccessKey, token) : new BasicAWSCredentials(key, Options.SecretAccessKey);
        }

        if (Options.Credentials is { } credentials)
        {
            return credentials;
        }

        return _profile is null ? null
            : new CredentialProfileStoreChain().TryGetAWSCredentials(_profile, out AWSCredentials found) ? found
            : throw new ArgumentException($"The profile '{_profile}' has no credentials; look into ~/.aws/credentials and ~/.aws/config.", nameof(Options.Profile));
    }

    private CredentialProfile? FindProfile()
    {
        if ((_profile ?? Variable("AWS_PROFILE")) is not { } name)
        {
            return null;
        }

        return new CredentialProfileStoreChain().TryGetProfile(name, out CredentialProfile profile) ? profile
            : _profile is null ? null
            : throw new ArgumentException($"There is no profile '{name}' in ~/.aws/credentials or ~/.aws/config.", nameof(Options.Profile));
    }

    private static Uri? EndpointOf(string? url) =>
        url is null ? null : S3Address.CheckEndpoint(Uri.TryCreate(url, UriKind.Absolute, out Uri? parsed) ? parsed : new Uri("none", UriKind.Relative));

    private string? Variable(string name) => Options.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
