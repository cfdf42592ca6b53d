using System.Globalization;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Sqlite;
using ZarrCache.Metadata;
using ZarrCache.Samples;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Benchmarks.Parts;

/// <summary>The sharded sample read by shard indexes and inner chunks: once, then by a process of its own.</summary>
internal static class ShardsBenchmark
{
    public const string ChildCommand = "parts-second-pass-child";

    /// <param name="array">The array; <c>*</c> for all.</param>
    /// <param name="what">What it is called in the results.</param>
    public static async Task<string[]> RunAsync(string array, string what)
    {
        using var scratch = new ScratchDirectory();
        (long asked, long fetched, long first) = await ReadAsync(scratch["cache"], array);
        long? second = await ChildProcess.RunAsync(ChildCommand, scratch["cache"], array);
        double ratio = (double)fetched / asked;
        return
        [
            ResultsFile.Invariant($"| {what}, first pass: origin bytes of {asked:N0} asked for, in {first:N0} requests | {ratio:0.000}× | ≤ 1.00× | {(fetched <= asked ? "yes" : "**no**")} |"),
            ResultsFile.Invariant($"| {what}, second pass in a process of its own: origin requests | {second} | 0 | {(second == 0 ? "yes" : "**no**")} |"),
        ];
    }

    /// <summary>Reads through a cache in a directory.</summary>
    /// <returns>Bytes asked for, bytes and requests that reached the origin; all with the metadata.</returns>
    public static async Task<(long Asked, long Fetched, long Requests)> ReadAsync(string directory, string array)
    {
        Directory.CreateDirectory(directory);
        await using var origin = new CountingOrigin(new FileSystemStore(Path.Combine(AppContext.BaseDirectory, "samples", "eraint-v3-sharded.zarr")));
        await using var index = new SqliteStoreIndex(Path.Combine(directory, "index.db"));
        await using var storage = new IndexedCacheStorage(index, FileSystemStore.Opener(Path.Combine(directory, "{store_id}.zarr")), maxSize: 1L << 30);
        await using var store = new CachedStore(origin, "era", storage);
        ZarrHierarchy hierarchy = await ZarrHierarchy.OpenAsync(store);
        long asked = store.Statistics.OriginBytes + store.Statistics.HitBytes;
        foreach (ZarrArray read in hierarchy.Arrays.Where(found => array == "*" || found.Path == array))
        {
            asked += (await ShardReader.ReadAsync(store, read, CancellationToken.None)).Bytes;
        }

        await storage.FlushAsync(CancellationToken.None);
        return (asked, origin.Bytes, origin.Requests);
    }

    /// <summary>Readers of random ranges of one object at once.</summary>
    /// <returns>Bytes that at least one asked for, and bytes fetched.</returns>
    public static async Task<(long Asked, long Fetched)> OverlapAsync(int readers)
    {
        const int Size = 8 << 20;
        var source = new MemoryStore();
        await source.SetAsync("shard", new byte[Size]);
        await using var origin = new CountingOrigin(new ThrottledStore(source, new ThrottledStoreOptions { Latency = TimeSpan.FromMilliseconds(5) }));
        await using var storage = new MemoryCacheStorage(1L << 30);
        await using var store = new CachedStore(origin, "s", storage);
        var random = new Random(1);
        ByteRange[] ranges = [.. Enumerable.Range(0, readers).Select(_ => ByteRange.Slice(random.Next(Size - (1 << 20)), random.Next(1, 1 << 20)))];
        var asked = new bool[Size];
        foreach (ByteRange range in ranges)
        {
            (long offset, long length) = range.Resolve("shard", Size);
            asked.AsSpan((int)offset, (int)length).Fill(true);
        }

        await Task.WhenAll(ranges.Select(range => store.GetBytesAsync("shard", range).AsTask()));
        return (asked.Count(isAsked => isAsked), origin.Bytes);
    }

    public static string OverlapRow((long Asked, long Fetched) bytes, int readers) => string.Create(
        CultureInfo.InvariantCulture,
        $"| {readers} readers of overlapping ranges at once: bytes fetched of {bytes.Asked:N0} asked for | {bytes.Fetched:N0} | each once | {(bytes.Fetched == bytes.Asked ? "yes" : "**no**")} |");
}
