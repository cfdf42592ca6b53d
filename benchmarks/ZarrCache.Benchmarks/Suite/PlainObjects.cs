using System.Runtime.InteropServices;
using Amazon.S3.Model;
using ZarrCache.Benchmarks.S3;

namespace ZarrCache.Benchmarks.Suite;

/// <summary>The SDK's own calls, one object each.</summary>
internal sealed class PlainObjects(BenchmarkBucket bucket, string prefix) : IStorageYardstick
{
    public async ValueTask WriteAsync(string name, ReadOnlyMemory<byte> bytes)
    {
        if (!MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> array))
        {
            throw new ArgumentException("The yardstick takes arrays alone, since the SDK does.", nameof(bytes));
        }

        using var body = new MemoryStream(array.Array!, array.Offset, array.Count, writable: false);
        await bucket.Client.PutObjectAsync(new PutObjectRequest { BucketName = BenchmarkBucket.Name, Key = KeyOf(name), InputStream = body });
    }

    public async ValueTask ReadAsync(string name, Memory<byte> destination) => await bucket.GetAsync(KeyOf(name), destination);

    public async ValueTask EraseAsync(string name) => await bucket.Client.DeleteObjectAsync(BenchmarkBucket.Name, KeyOf(name));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private string KeyOf(string name) => $"{prefix}/{name}";
}
