using Xunit;
using ZarrCache.Conformance.Http;
using ZarrCache.Index.Sqlite;
using ZarrCache.Metadata;
using ZarrCache.Samples;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Core.Tests.Http;

/// <summary>The sharded sample over real HTTP, by a reader that fetches shard indexes and inner chunks by ranges, through a cache on disk.</summary>
public sealed class ShardedDatasetTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("zarrcache-shards-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>The check sums that came with the dataset.</summary>
    private static Dictionary<string, long> Sums => new() { ["u"] = 8838801966, ["v"] = -2176930381, ["z"] = 2271761917, ["jet"] = -22340421608 };

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Read_twice_no_byte_is_fetched_that_was_not_asked_for_and_none_a_second_time()
    {
        await using LoopbackServer server = await LoopbackServer.StartAsync(Samples.V3Sharded, Ct);
        long asked = await ReadAllAsync(server);
        Assert.True(server.BytesSent <= asked, $"{server.BytesSent} bytes were fetched for {asked}");
        Assert.True(asked > 2_500_000, "that is not the whole dataset");

        server.Reset();
        Assert.Equal(asked, await ReadAllAsync(server));
        Assert.Empty(server.Log);
    }

    [Fact]
    public async Task A_sparse_array_read_again_asks_for_no_absent_shard_and_no_absent_chunk()
    {
        await using LoopbackServer server = await LoopbackServer.StartAsync(Samples.V3Sharded, Ct);
        await ReadAllAsync(server, "jet");
        Assert.Equal(4, server.Log.Count(request => request.EndsWith("bytes=-516", StringComparison.Ordinal) && !File.Exists(Path.Combine(Samples.V3Sharded, request.Split(' ')[1]))));
        server.Reset();
        await ReadAllAsync(server, "jet");
        Assert.Empty(server.Log);
    }

    [Fact]
    public async Task Every_inner_chunk_is_asked_for_once_by_readers_at_once()
    {
        await using LoopbackServer server = await LoopbackServer.StartAsync(Samples.V3Sharded, Ct);
        await using var origin = new HttpZarrStore(server.BaseAddress);
        await using var storage = new MemoryCacheStorage(1L << 30);
        await using var store = new CachedStore(origin, "era", storage);
        ZarrArray u = (await ZarrHierarchy.OpenAsync(store, Ct)).FindArray("u")!;
        server.Reset();
        ArrayReading[] readings = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ShardReader.ReadAsync(store, u, Ct)));
        Assert.All(readings, reading => Assert.Equal((readings[0].Bytes, Sums["u"]), (reading.Bytes, reading.Sum)));
        Assert.Equal(readings[0].Bytes, server.BytesSent);
    }

    /// <summary>Reads arrays through an index, a storage and a cache that are opened for it, as another process would.</summary>
    /// <returns>The bytes asked for.</returns>
    private async Task<long> ReadAllAsync(LoopbackServer server, string? only = null)
    {
        await using var origin = new HttpZarrStore(server.BaseAddress);
        await using var index = new SqliteStoreIndex(Path.Combine(_directory, "index.db"));
        await using var storage = new IndexedCacheStorage(index, FileSystemStore.Opener(Path.Combine(_directory, "{store_id}.zarr")), maxSize: 1L << 30);
        await using var store = new CachedStore(origin, "era", storage);
        ZarrHierarchy hierarchy = await ZarrHierarchy.OpenAsync(store, Ct);
        long asked = store.Statistics.OriginBytes + store.Statistics.HitBytes;
        foreach (ZarrArray array in hierarchy.Arrays.Where(array => only is null || array.Path == only))
        {
            ArrayReading reading = await ShardReader.ReadAsync(store, array, Ct);
            Assert.Equal(Sums.TryGetValue(array.Path, out long sum) ? sum : null, reading.Sum);
            asked += reading.Bytes;
        }

        await storage.FlushAsync(Ct);
        return asked;
    }
}
