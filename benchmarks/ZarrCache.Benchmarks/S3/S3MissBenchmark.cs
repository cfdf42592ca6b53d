using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Sqlite;

namespace ZarrCache.Benchmarks.S3;

/// <summary>Misses of a slow origin, written to S3 behind the reader's back, against the same origin alone.</summary>
internal static class S3MissBenchmark
{
    private const int Readers = 4;
    private const int Keys = 120;
    private const int Size = 1 << 20;

    public static async Task<Comparison> RunAsync(BenchmarkBucket bucket, int rounds)
    {
        using var scratch = new ScratchDirectory();
        await using var index = new SqliteStoreIndex(scratch["index.db"]);
        await using var storage = new IndexedCacheStorage(index, bucket.OpenChunks("misses"), maxSize: 1L << 40);
        var memory = new MemoryStore();
        var bytes = new byte[Size];
        for (int i = 0; i < Keys; i++)
        {
            Random.Shared.NextBytes(bytes);
            await memory.SetAsync($"u/c/{i}", bytes);
        }

        var origin = new ThrottledStore(memory, new ThrottledStoreOptions { Latency = TimeSpan.FromMilliseconds(50) });
        var comparison = new Comparison($"misses of {Size >> 10} KiB, origin with a latency of 50 ms, chunks to S3, {Readers} readers", "the origin alone", "reads", 1 / 1.1);
        await ReadAllAsync(new CachedStore(origin, "warm-up", storage));
        for (int round = 0; round < rounds; round++)
        {
            var store = new CachedStore(origin, $"round-{round}", storage);
            await comparison.MeasureAsync(round, () => Comparison.RateAsync(Keys, () => ReadAllAsync(store)), () => Comparison.RateAsync(Keys, () => ReadAllAsync(origin)));
            await storage.FlushAsync(CancellationToken.None);
            long written = (await index.GetTotalsAsync($"round-{round}", CancellationToken.None)).Count;
            if (store.Statistics.Misses != Keys || written != Keys)
            {
                throw new InvalidOperationException($"{store.Statistics.Misses} misses and {written} values written instead of {Keys}.");
            }
        }

        return comparison;
    }

    private static Task ReadAllAsync(IZarrStore store)
    {
        int next = -1;
        return Task.WhenAll(Enumerable.Range(0, Readers).Select(_ => Task.Run(async () =>
        {
            var buffer = new byte[Size];
            while (Interlocked.Increment(ref next) is var i && i < Keys)
            {
                await using ReadResult result = await store.GetAsync($"u/c/{i}", default, CancellationToken.None);
                await result.ReadAsync(buffer, CancellationToken.None);
            }
        })));
    }
}
