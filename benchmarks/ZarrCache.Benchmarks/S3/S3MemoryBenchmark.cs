using System.Globalization;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.Storage.S3;

namespace ZarrCache.Benchmarks.S3;

/// <summary>The memory of a process of its own while many objects are on their way at once, the caller's buffers included.</summary>
internal static class S3MemoryBenchmark
{
    public const string ChildCommand = "s3-memory-child";

    private const int Objects = 64;
    private const int Size = 8 << 20;

    private static readonly (string Way, string What)[] Ways =
        [("put", "written from the caller's memory"), ("get", "read into the caller's memory"), ("miss", "fetched through `CachedStore`, cached in S3, and sent on block by block")];

    public static async Task<IReadOnlyList<string>> RunAsync(Uri endpoint)
    {
        var rows = new List<string>();
        foreach ((string way, string what) in Ways)
        {
            string name = ResultsFile.Invariant($"memory while {Objects} objects of {Size >> 20} MiB are in flight, {what}");
            long? most = await ChildProcess.RunAsync(ChildCommand, endpoint.ToString(), way);
            double ratio = (most ?? 0) / ((double)Objects * Size);
            rows.Add(most is null ? $"| {name} | not measured on this system | | |" : ResultsFile.Invariant($"| {name} | {most >> 20} MiB, {ratio:0.00}× | ≤ 1.20× | {(ratio <= 1.2 ? "yes" : "**no**")} |"));
            Console.WriteLine(rows[^1]);
        }

        return rows;
    }

    public static async Task ChildAsync(Uri endpoint, string way)
    {
        await using var bucket = new BenchmarkBucket(endpoint);
        await using S3ZarrStore store = bucket.OpenOrigin("memory");
        await store.GetBytesAsync("absent");
        await using var index = new MemoryStoreIndex();
        await using var storage = new IndexedCacheStorage(index, bucket.OpenChunks("memory-chunks"), maxSize: 1L << 40);
        var cached = new CachedStore(store, "s", storage);
        await cached.GetBytesAsync("absent");
        GC.Collect();
        long before = ProcessMemory.Anonymous() ?? 0;
        using var done = new CancellationTokenSource();
        Task<long> most = SampleAsync(before, done.Token);
        string[] keys = [.. Enumerable.Range(0, Objects).Select(i => $"u/c/{i}")];
        if (way == "miss")
        {
            await ReadAllAsync(cached, keys, _ => new byte[64 << 10]);
        }
        else
        {
            byte[][] buffers = [.. keys.Select(_ => new byte[Size])];
            Array.ForEach(buffers, buffer => Random.Shared.NextBytes(buffer));
            await (way == "put"
                ? Task.WhenAll(keys.Select((key, i) => store.SetAsync(key, buffers[i]).AsTask()))
                : ReadAllAsync(store, keys, i => buffers[i]));
            GC.KeepAlive(buffers);
        }

        await done.CancelAsync();
        Console.WriteLine(before == 0 ? "unknown" : (await most).ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Begins all reads before any byte is taken, so that all are under way together.</summary>
    private static async Task ReadAllAsync(IZarrStore store, string[] keys, Func<int, byte[]> bufferOf)
    {
        ReadResult[] results = await Task.WhenAll(keys.Select(key => store.GetAsync(key).AsTask()));
        await Task.WhenAll(results.Select(async (result, i) =>
        {
            byte[] buffer = bufferOf(i);
            while (result.Remaining > 0)
            {
                await result.ReadSomeAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, result.Remaining)), CancellationToken.None);
            }

            await result.DisposeAsync();
        }));
    }

    private static Task<long> SampleAsync(long before, CancellationToken ct) => Task.Run(async () =>
    {
        long most = 0;
        while (!ct.IsCancellationRequested)
        {
            most = Math.Max(most, (ProcessMemory.Anonymous() ?? 0) - before);
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, CancellationToken.None);
        }

        return most;
    });
}
