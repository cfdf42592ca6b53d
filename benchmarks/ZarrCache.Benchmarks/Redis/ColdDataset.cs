using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Redis;
using ZarrCache.Index.Redis.Tests;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Benchmarks.Redis;

/// <summary>Four nodes that ask for all of a dataset at once of which nothing is cached: how often the origin is asked for a key.</summary>
internal static class ColdDataset
{
    private const int Nodes = 4;
    private const int Keys = 2000;
    private const int ReadersPerNode = 8;
    private const int Size = 64 << 10;

    /// <returns>Requests for each key.</returns>
    public static async Task<double> MeasureAsync(RedisProcess server)
    {
        using var scratch = new ScratchDirectory();
        var memory = new MemoryStore();
        var bytes = new byte[Size];
        string[] keys = [.. Enumerable.Range(0, Keys).Select(ArrayEntries.Key)];
        foreach (string key in keys)
        {
            Random.Shared.NextBytes(bytes);
            await memory.SetAsync(key, bytes);
        }

        var origin = new ThrottledStore(memory, new ThrottledStoreOptions { Latency = TimeSpan.FromMilliseconds(5) });
        long requests = 0;
        await Task.WhenAll(Enumerable.Range(0, Nodes).Select(node => Task.Run(async () =>
        {
            await using RedisStoreIndex index = await RedisStoreIndex.OpenAsync(server.Address, new RedisStoreIndexOptions { Prefix = "cold" });
            await using var storage = new IndexedCacheStorage(index, FileSystemStore.Opener(scratch["{store_id}.zarr"]), maxSize: 1L << 40);
            await using var store = new CachedStore(origin, "cold", storage);
            int next = -1;
            await Task.WhenAll(Enumerable.Range(0, ReadersPerNode).Select(_ => Task.Run(async () =>
            {
                while (Interlocked.Increment(ref next) is var i && i < Keys)
                {
                    await store.GetBytesAsync(keys[i]);
                }
            })));
            Interlocked.Add(ref requests, store.Statistics.OriginRequests);
        })));
        return requests / (double)Keys;
    }
}
