namespace ZarrCache.Benchmarks.ReadPath;

/// <summary>How many requests an origin gets when many tasks ask for one missing key at once.</summary>
internal static class SingleFlightBenchmark
{
    public static async Task<long> RunAsync(int tasks)
    {
        await using var memory = new MemoryStore();
        await memory.SetAsync("k", new byte[100_000]);
        await using var origin = new ThrottledStore(memory, new ThrottledStoreOptions { Latency = TimeSpan.FromMilliseconds(20) });
        await using var storage = new MemoryCacheStorage(1L << 20);
        await using var store = new CachedStore(origin, "s", storage);
        await Task.WhenAll(Enumerable.Range(0, tasks).Select(_ => Task.Run(() => store.GetBytesAsync("k").AsTask())));
        return store.Statistics.OriginRequests;
    }
}
