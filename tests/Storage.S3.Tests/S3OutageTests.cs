using System.Collections.Concurrent;
using Xunit;
using ZarrCache.Index.Sqlite;

namespace ZarrCache.Storage.S3.Tests;

/// <summary>A server that goes down and comes back in the middle of the work, on one of its own: it would disturb the other tests.</summary>
public sealed class S3OutageTests(RadosgwFixture server) : IDisposable
{
    private const int Keys = 60;

    private readonly string _directory = Directory.CreateTempSubdirectory("zarrcache-s3-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>Origin and chunk storage are the same server: reads wait it out, what is read is right, and so is what is cached.</summary>
    [Fact]
    public async Task Reads_outlast_an_outage_and_nothing_wrong_is_cached()
    {
        await server.RequireAsync();
        await using Radosgw own = await Radosgw.StartAsync(Ct);
        var options = new S3StoreOptions { Endpoint = own.Endpoint, AccessKeyId = Radosgw.AccessKey, SecretAccessKey = Radosgw.SecretKey, MaxRetries = 10, MaxRetryDelay = TimeSpan.FromSeconds(1) };
        using (var admin = new Amazon.S3.AmazonS3Client(Radosgw.AccessKey, Radosgw.SecretKey, new Amazon.S3.AmazonS3Config { ServiceURL = own.Endpoint.ToString(), ForcePathStyle = true, AuthenticationRegion = "us-east-1" }))
        {
            await admin.PutBucketAsync("data", Ct);
        }

        await using var origin = new S3ZarrStore("s3://data/origin", options);
        await Parallel.ForEachAsync(Enumerable.Range(0, Keys), Ct, async (i, ct) => await origin.SetAsync($"u/c/{i}", Bytes(i), ct));
        await using var index = new SqliteStoreIndex(Path.Combine(_directory, "index.db"));
        await using var storage = new IndexedCacheStorage(
            index,
            S3ZarrStore.Opener(
                "s3://data/cache/{store_id}.zarr",
                new S3StoreOptions
                {
                    Endpoint = own.Endpoint,
                    AccessKeyId = Radosgw.AccessKey,
                    SecretAccessKey = Radosgw.SecretKey,
                    LastModified = false,
                    MaxRetries = 1,
                    BreakDuration = TimeSpan.FromMilliseconds(500),
                }),
            maxSize: 1L << 30);
        var store = new CachedStore(origin, "s", storage);
        var wrong = new ConcurrentQueue<string>();
        int done = 0;
        using var enough = new CancellationTokenSource();
        Task[] readers = [.. Enumerable.Range(0, 8).Select(reader => Task.Run(async () =>
        {
            var random = new Random(reader);
            while (!enough.IsCancellationRequested)
            {
                int i = random.Next(Keys);
                byte[]? read = await store.GetBytesAsync($"u/c/{i}", ct: Ct);
                if (!Bytes(i).AsSpan().SequenceEqual(read))
                {
                    wrong.Enqueue($"u/c/{i}");
                }

                Interlocked.Increment(ref done);
            }
        }, Ct))];
        for (int outage = 0; outage < 2; outage++)
        {
            await ReadsAsync(Keys / 2);
            await own.KillAsync(Ct);
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Ct);
            await own.RestartAsync(Ct);
        }

        await ReadsAsync(2 * Keys);
        await enough.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Empty(wrong);

        // What is cached is the origin's, byte for byte.
        await storage.FlushAsync(Ct);
        CacheCheckReport report = await storage.CheckAsync(new CacheCheckOptions { VerifyBytes = true }, null, Ct);
        Assert.Equal((0, 0), (report.Corrupt, report.Dangling));
        var offline = new CachedStore(origin, "s", storage, new CachedStoreOptions { Offline = true });
        int cached = 0;
        for (int i = 0; i < Keys; i++)
        {
            if (await storage.FindAsync("s", $"u/c/{i}", Ct) is { } entry)
            {
                Assert.Equal(EntryKind.Value, entry.Kind);
                Assert.Equal(Bytes(i), await offline.GetBytesAsync($"u/c/{i}", ct: Ct));
                cached++;
            }
        }

        Assert.True(cached > 0);

        async Task ReadsAsync(int more)
        {
            int until = Volatile.Read(ref done) + more;
            while (Volatile.Read(ref done) < until && !readers.Any(reader => reader.IsCompleted))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Ct);
            }
        }
    }

    private static byte[] Bytes(int seed)
    {
        byte[] bytes = new byte[50_000 + (seed * 1000)];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
