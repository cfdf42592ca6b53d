using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Sqlite;
using ZarrCache.Storage.S3;

namespace ZarrCache.Benchmarks.S3;

/// <summary>Concurrent reads of one size: of an origin, and as verified hits from chunk storage, against the SDK's own loop over the same objects.</summary>
internal static class S3ReadBenchmark
{
    private const int Readers = 16;
    private const int Objects = 64;
    private const string Yardstick = "the SDK's `GetObject` loop";

    public static async Task<Comparison> GetAsync(BenchmarkBucket bucket, int size, int reads, int rounds, double atLeast)
    {
        string prefix = $"origin-{size}";
        await using S3ZarrStore store = bucket.OpenOrigin(prefix);
        string[] keys = [.. Enumerable.Range(0, Objects).Select(i => $"u/c/{i}")];
        await Parallel.ForEachAsync(keys, async (key, ct) => await store.SetAsync(key, Bytes(size), ct));
        return await CompareAsync(
            $"{Readers} concurrent gets of {size >> 10} KiB", reads, rounds, size, atLeast, keys, (key, buffer) => ReadAsync(store, key, buffer), (key, buffer) => bucket.GetAsync($"{prefix}/{key}", buffer));
    }

    public static async Task<Comparison> HitAsync(BenchmarkBucket bucket, int size, int reads, int rounds, double atLeast)
    {
        string prefix = $"chunks-{size}";
        using var scratch = new ScratchDirectory();
        await using var index = new SqliteStoreIndex(scratch["index.db"]);
        await using var storage = new IndexedCacheStorage(index, bucket.OpenChunks(prefix), new IndexedCacheStorageOptions { MaxSize = 1L << 40, WhenQueueFull = QueueFullMode.Wait });
        var origin = new MemoryStore();
        var store = new CachedStore(origin, "hit", storage);
        string[] keys = [.. Enumerable.Range(0, Objects).Select(i => $"u/c/{i}")];
        foreach (string key in keys)
        {
            await origin.SetAsync(key, Bytes(size));
            await store.GetBytesAsync(key);
        }

        await storage.FlushAsync(CancellationToken.None);
        await origin.ClearAsync();
        long misses = store.Statistics.Misses;
        Comparison comparison = await CompareAsync(
            $"{Readers} concurrent verified hits of {size >> 10} KiB", reads, rounds, size, atLeast, keys, (key, buffer) => ReadAsync(store, key, buffer), (key, buffer) => bucket.GetAsync($"{prefix}/hit.zarr/{key}", buffer));
        return store.Statistics.Misses == misses ? comparison : throw new InvalidOperationException("Not every read was a hit.");
    }

    private static async Task<Comparison> CompareAsync(
        string what, int reads, int rounds, int size, double atLeast, string[] keys, Func<string, byte[], Task> ours, Func<string, byte[], Task> theirs)
    {
        var comparison = new Comparison(what, Yardstick, "reads", atLeast);
        byte[][] buffers = [.. Enumerable.Range(0, Readers).Select(_ => new byte[size])];
        await LoopAsync(ours, reads / 4);
        await LoopAsync(theirs, reads / 4);
        for (int round = 0; round < rounds; round++)
        {
            await comparison.MeasureAsync(
                round, () => Comparison.RateAsync(reads, () => LoopAsync(ours, reads)), () => Comparison.RateAsync(reads, () => LoopAsync(theirs, reads)));
        }

        return comparison;

        Task LoopAsync(Func<string, byte[], Task> read, int count)
        {
            int next = -1;
            return Task.WhenAll(buffers.Select(buffer => Task.Run(async () =>
            {
                while (Interlocked.Increment(ref next) is var i && i < count)
                {
                    await read(keys[i % keys.Length], buffer);
                }
            })));
        }
    }

    private static async Task ReadAsync(IZarrStore store, string key, byte[] buffer)
    {
        await using ReadResult result = await store.GetAsync(key, default, CancellationToken.None);
        await result.ReadAsync(buffer.AsMemory(0, (int)result.Length), CancellationToken.None);
    }

    private static byte[] Bytes(int size)
    {
        var bytes = new byte[size];
        Random.Shared.NextBytes(bytes);
        return bytes;
    }
}
