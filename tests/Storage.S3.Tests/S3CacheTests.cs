using Amazon.S3.Model;
using Xunit;
using ZarrCache.Index.Sqlite;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Storage.S3.Tests;

/// <summary>A cache whose chunks lie in a bucket, whose origin does, or both.</summary>
public sealed class S3CacheTests(RadosgwFixture server) : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("zarrcache-s3-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_lost_index_is_rebuilt_from_the_bucket()
    {
        StoreOpener opener = await server.NewOpenerAsync();
        var origin = new MemoryStore();
        await using (var index = new SqliteStoreIndex(Path.Combine(_directory, "first.db")))
        await using (var storage = new IndexedCacheStorage(index, opener, maxSize: 1L << 30))
        {
            var store = new CachedStore(origin, "era/5", storage);
            foreach (int i in Enumerable.Range(0, 20))
            {
                await origin.SetAsync($"u/c/{i}", Bytes(100_000 + i), Ct);
                await store.GetBytesAsync($"u/c/{i}", ct: Ct);
            }

            await origin.SetAsync("big", Bytes(3 << 20), Ct);
            await store.GetBytesAsync("big", ByteRange.Slice(1 << 20, 500_000), Ct);
            await storage.FlushAsync(Ct);
        }

        await using var rebuilt = new SqliteStoreIndex(Path.Combine(_directory, "second.db"));
        await using var again = new IndexedCacheStorage(rebuilt, opener, maxSize: 1L << 30);
        await again.SweepCompletion;
        Assert.Equal(21, (await rebuilt.GetTotalsAsync("era/5", Ct)).Count);
        var offline = new CachedStore(origin, "era/5", again, new CachedStoreOptions { Offline = true });
        foreach (int i in Enumerable.Range(0, 20))
        {
            Assert.Equal(Bytes(100_000 + i), await offline.GetBytesAsync($"u/c/{i}", ct: Ct));
        }

        Assert.Equal(Bytes(3 << 20)[(1 << 20)..((1 << 20) + 500_000)], await offline.GetBytesAsync("big", ByteRange.Slice(1 << 20, 500_000), Ct));
    }

    [Fact]
    public async Task A_range_of_a_cached_value_downloads_its_blocks_alone()
    {
        var opener = new RecordingOpener(await server.NewOpenerAsync());
        var origin = new MemoryStore();
        await using var index = new MemoryStoreIndex();
        await using var storage = new IndexedCacheStorage(index, opener, maxSize: 1L << 30);
        var store = new CachedStore(origin, "s", storage);
        byte[] value = Bytes(10 << 20);
        await origin.SetAsync("k", value, Ct);
        await store.GetBytesAsync("k", ct: Ct);
        await storage.FlushAsync(Ct);
        Assert.Equal(value[((3 << 20) + 10)..((4 << 20) + 10)], await store.GetBytesAsync("k", ByteRange.Slice((3 << 20) + 10, 1 << 20), Ct));
        Assert.Equal(value[^5..], await store.GetBytesAsync("k", ByteRange.Suffix(5), Ct));
        Assert.Equal([("k", 3L << 20, 2L << 20), ("k", 9L << 20, 1L << 20)], opener.Reads);
        Assert.Equal(2, store.Statistics.Hits);
    }

    [Fact]
    public async Task A_value_that_somebody_changed_in_the_bucket_is_a_miss()
    {
        string place = await server.NewPlaceAsync();
        var origin = new MemoryStore();
        await using var index = new MemoryStoreIndex();
        await using var storage = new IndexedCacheStorage(index, S3ZarrStore.Opener(place + "/{store_id}.zarr", server.Options), maxSize: 1L << 30);
        var store = new CachedStore(origin, "s", storage);
        await origin.SetAsync("k", Bytes(1000), Ct);
        await store.GetBytesAsync("k", ct: Ct);
        await storage.FlushAsync(Ct);
        foreach (int size in (int[])[1000, 999, 0])
        {
            await server.Client.PutObjectAsync(
                new PutObjectRequest { BucketName = RadosgwFixture.Bucket, Key = place.Split('/')[^1] + "/s.zarr/k", InputStream = new MemoryStream(new byte[size]), UseChunkEncoding = false }, Ct);
            Assert.Equal(Bytes(1000), await store.GetBytesAsync("k", ct: Ct));
            await storage.FlushAsync(Ct);
            Assert.Equal(Bytes(1000), await store.GetBytesAsync("k", ct: Ct));
        }

        Assert.Equal(4, store.Statistics.OriginRequests);
    }

    [Fact]
    public async Task Tiers_compose_memory_over_disk_over_a_bucket_over_a_bucket()
    {
        await using var origin = new S3ZarrStore(await server.NewPlaceAsync(), server.Options);
        await using var farIndex = new MemoryStoreIndex();
        await using var far = new IndexedCacheStorage(farIndex, await server.NewOpenerAsync(), maxSize: 1L << 30);
        await using var nearIndex = new SqliteStoreIndex(Path.Combine(_directory, "index.db"));
        await using var near = new IndexedCacheStorage(nearIndex, FileSystemStore.Opener(Path.Combine(_directory, "{store_id}.zarr")), maxSize: 1L << 30);
        await using var memory = new MemoryCacheStorage(maxSize: 10L << 20);
        var third = new CachedStore(origin, "s", far);
        var second = new CachedStore(third, "s", near);
        var first = new CachedStore(second, "s", memory);
        await first.SetAsync("u/c/0", Bytes(100_000), Ct);
        foreach (int _ in Enumerable.Range(0, 2))
        {
            Assert.Equal(Bytes(100_000), await first.GetBytesAsync("u/c/0", ct: Ct));
            await Task.WhenAll(memory.FlushAsync(Ct).AsTask(), near.FlushAsync(Ct).AsTask(), far.FlushAsync(Ct).AsTask());
        }

        Assert.Null(await first.GetBytesAsync("u/c/1", ct: Ct));
        Assert.Equal((2, 1), (third.Statistics.OriginRequests, first.Statistics.Hits));
        await first.SetAsync("u/c/0", Bytes(50), Ct);
        Assert.Equal(Bytes(50), await third.GetBytesAsync("u/c/0", ct: Ct));
        Assert.Equal(Bytes(50), await first.GetBytesAsync("u/c/0", ct: Ct));
    }

    [Fact]
    public async Task A_cache_takes_no_place_where_somebody_elses_objects_lie()
    {
        string place = await server.NewPlaceAsync();
        await using var owner = new S3ZarrStore(place + "/data.zarr", server.Options);
        await owner.SetAsync("zarr.json", new byte[] { 1 }, Ct);
        StoreOpener opener = S3ZarrStore.Opener(place + "/{store_id}.zarr", server.Options);
        await using IChunkStore store = opener.Open("data");
        foreach (Func<Task> call in (Func<Task>[])[
            async () => await opener.CheckAsync(Ct), async () => await opener.ListStoresAsync(Ct).ToListAsync(Ct), async () => await store.SetAsync("u", new byte[1], Ct),
            async () => await store.EraseAsync("zarr.json", Ct), async () => await store.ErasePrefixAsync("", Ct), async () => await store.RemoveTemporariesAsync(TimeSpan.Zero, Ct)])
        {
            var error = await Assert.ThrowsAsync<StoreException>(call);
            Assert.Contains("data.zarr/", error.Message);
            Assert.Contains("prefix of its own", error.Message);
        }

        await using var index = new MemoryStoreIndex();
        await using (var storage = new IndexedCacheStorage(index, opener, maxSize: 1L << 30))
        {
            await storage.SweepCompletion;
        }

        Assert.Equal([1], await owner.GetBytesAsync("zarr.json", ct: Ct));
        StoreOpener beside = S3ZarrStore.Opener(place + "/cache/{store_id}.zarr", server.Options);
        await beside.CheckAsync(Ct);
        await beside.CheckAsync(Ct);
        Assert.Empty(await beside.ListStoresAsync(Ct).ToListAsync(Ct));
    }

    [Fact]
    public async Task The_stores_of_a_place_are_listed_by_their_ids()
    {
        StoreOpener opener = S3ZarrStore.Opener(await server.NewPlaceAsync() + "/a-{store_id}.zarr/chunks", server.Options);
        string[] ids = ["era5", "a/b", "%2F", "a%", ".zarr", "ü x"];
        foreach (string id in ids)
        {
            await using IChunkStore store = opener.Open(id);
            await store.SetAsync("u/c/0", Bytes(10), Ct);
        }

        await using (IChunkStore empty = opener.Open("empty"))
        {
            await empty.SetAsync("k", Bytes(10), Ct);
            await empty.ErasePrefixAsync("", Ct);
        }

        Assert.Equal(ids.Order(StringComparer.Ordinal), (await opener.ListStoresAsync(Ct).ToListAsync(Ct)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_cache_directory_may_keep_its_chunks_in_a_bucket()
    {
        string place = await server.NewPlaceAsync();
        string pattern = $"{place}/{{store_id}}.zarr?endpoint={server.Server.Endpoint}&anonymous=true";
        CacheBackends backends = new CacheBackends().AddSqlite().AddS3();
        var error = await Assert.ThrowsAsync<StoreException>(async () => await CacheDirectory.OpenAsync(Path.Combine(_directory, "cache"), backends, new CacheDirectorySettings { Storage = pattern }, Ct));
        Assert.Contains("403", error.Message);
        Assert.False(File.Exists(Path.Combine(_directory, "cache", "zarr-cache.json")));
        await Assert.ThrowsAsync<ArgumentException>(async () => await CacheDirectory.OpenAsync(
            Path.Combine(_directory, "cache"), backends, new CacheDirectorySettings { Storage = pattern + "&secret=s3cret" }, Ct));
        Assert.False(File.Exists(Path.Combine(_directory, "cache", "zarr-cache.json")));
    }

    [Fact]
    public async Task A_dead_storage_costs_readers_no_patience_and_no_error()
    {
        await server.RequireAsync();
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var origin = new MemoryStore();
        await origin.SetAsync("k", Bytes(1000), Ct);
        await using var index = new MemoryStoreIndex();
        await using var storage = new IndexedCacheStorage(
            index,
            S3ZarrStore.Opener("s3://bucket/{store_id}.zarr", new S3StoreOptions { Endpoint = new Uri("http://127.0.0.1:9"), AccessKeyId = "key", SecretAccessKey = "s3cret", MaxRetries = 0, BreakDuration = TimeSpan.FromSeconds(10), TimeProvider = time }),
            maxSize: 1L << 30);
        var store = new CachedStore(origin, "s", storage);
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(Bytes(1000), await store.GetBytesAsync("k", ct: Ct));
            await storage.FlushAsync(Ct);
        }

        Assert.Equal(10, storage.Counters.WriteFailures);
    }

    private static byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }
}
