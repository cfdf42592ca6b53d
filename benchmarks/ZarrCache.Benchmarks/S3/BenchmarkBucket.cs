using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using ZarrCache.Storage.S3;
using ZarrCache.Storage.S3.Tests;

namespace ZarrCache.Benchmarks.S3;

/// <summary>A bucket on a server of its own, with the SDK's client as it comes and stores of ours.</summary>
internal sealed class BenchmarkBucket : IAsyncDisposable
{
    public const string Name = "benchmark";

    public BenchmarkBucket(Uri endpoint)
    {
        Endpoint = endpoint;
        Client = new AmazonS3Client(
            new BasicAWSCredentials(Radosgw.AccessKey, Radosgw.SecretKey),
            new AmazonS3Config
            {
                ServiceURL = endpoint.ToString(),
                ForcePathStyle = true,
                AuthenticationRegion = "us-east-1",
                RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
                ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            });
    }

    public Uri Endpoint { get; }

    public AmazonS3Client Client { get; }

    public S3StoreOptions Options => new() { Endpoint = Endpoint, AccessKeyId = Radosgw.AccessKey, SecretAccessKey = Radosgw.SecretKey, MaxConnections = 64, MaxUploads = 64, LastModified = false };

    public Task CreateAsync() => Client.PutBucketAsync(Name);

    public S3ZarrStore OpenOrigin(string prefix) => new($"s3://{Name}/{prefix}", Options);

    public StoreOpener OpenChunks(string prefix) => S3ZarrStore.Opener($"s3://{Name}/{prefix}/{{store_id}}.zarr", Options);

    /// <summary>One read as the SDK does it.</summary>
    public async Task GetAsync(string key, Memory<byte> buffer)
    {
        using GetObjectResponse response = await Client.GetObjectAsync(new GetObjectRequest { BucketName = Name, Key = key });
        await response.ResponseStream.ReadExactlyAsync(buffer[..(int)response.ContentLength]);
    }

    public ValueTask DisposeAsync()
    {
        Client.Dispose();
        return ValueTask.CompletedTask;
    }
}
