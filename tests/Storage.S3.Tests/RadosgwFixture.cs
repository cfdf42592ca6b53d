using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Xunit;
using ZarrCache.Conformance.Tls;

[assembly: AssemblyFixture(typeof(ZarrCache.Storage.S3.Tests.RadosgwFixture))]

namespace ZarrCache.Storage.S3.Tests;

/// <summary>One radosgw for all tests, started when the first needs it; with TLS if the tests of this process run over it.</summary>
public sealed class RadosgwFixture : IAsyncDisposable
{
    /// <summary>A bucket for places that differ by their prefix.</summary>
    public const string Bucket = "shared";

    /// <summary>Set where nothing may be skipped.</summary>
    private const string Required = "ZARRCACHE_REQUIRE_RADOSGW";

    private readonly SemaphoreSlim _once = new(1);
    private Radosgw? _server;
    private AmazonS3Client? _client;
    private int _places;

    public Radosgw Server => _server ?? throw new InvalidOperationException("The test did not ask for the server.");

    /// <summary>The SDK's own client, for what tests look at beside the store.</summary>
    public AmazonS3Client Client => _client!;

    /// <summary>The credentials by options; what else tests want is up to them.</summary>
    public S3StoreOptions Options => new() { AccessKeyId = Radosgw.AccessKey, SecretAccessKey = Radosgw.SecretKey, Endpoint = Server.Endpoint };

    /// <summary>Sees to it that there is a server, or skips the test.</summary>
    public async Task RequireAsync()
    {
        CancellationToken ct = TestContext.Current.CancellationToken;
        if (!Radosgw.IsInstalled)
        {
            string message = $"radosgw is not installed: {Radosgw.Install}";
            Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Required)), message);
            Assert.Fail(message);
        }

        await _once.WaitAsync(ct);
        try
        {
            if (_client is null)
            {
                _server ??= await Radosgw.StartAsync(TestCertificate.Given?.Files, ct);
                var client = new AmazonS3Client(
                    new BasicAWSCredentials(Radosgw.AccessKey, Radosgw.SecretKey),
                    new AmazonS3Config
                    {
                        ServiceURL = Server.Endpoint.ToString(),
                        ForcePathStyle = true,
                        AuthenticationRegion = "us-east-1",
                        RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
                    });
                await client.PutBucketAsync(Bucket, ct);
                _client = client;
            }
        }
        finally
        {
            _once.Release();
        }
    }

    /// <summary>A new and empty bucket.</summary>
    public async Task<string> NewBucketAsync()
    {
        await RequireAsync();
        string bucket = $"bucket-{Interlocked.Increment(ref _places)}";
        await Client.PutBucketAsync(bucket, TestContext.Current.CancellationToken);
        return bucket;
    }

    /// <summary>A prefix that nothing lies below, as an address.</summary>
    public async Task<string> NewPlaceAsync()
    {
        await RequireAsync();
        return $"s3://{Bucket}/place-{Interlocked.Increment(ref _places)}";
    }

    /// <summary>An empty place for the chunks of a cache.</summary>
    public async Task<StoreOpener> NewOpenerAsync() => S3ZarrStore.Opener(await NewPlaceAsync() + "/{store_id}.zarr", Options);

    public async Task<IReadOnlyList<string>> ListUploadsAsync(string bucket) =>
        [.. (await Client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = bucket })).MultipartUploads?.Select(upload => upload.Key) ?? []];

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _once.Dispose();
    }
}
