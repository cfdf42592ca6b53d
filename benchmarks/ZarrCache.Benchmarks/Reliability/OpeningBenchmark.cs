using System.Diagnostics;
using System.Globalization;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Benchmarks.Reliability;

/// <summary>Opens a cache whose process was killed, or whose index was lost or damaged.</summary>
internal static class OpeningBenchmark
{
    public const string ChildCommand = "reliability-child";
    public const int ValueSize = 512;

    private const string StoreId = "s";
    private const double OpenSeconds = 2;
    private const double RebuildSeconds = 10;

    public static async Task<List<string>> RunAsync(string index, int entries, int rounds)
    {
        using var scratch = new ScratchDirectory();
        string root = Directory.CreateDirectory(scratch["cache"]).FullName;
        await BeKilledAsync(index, root, entries);
        List<Figures> killed = [], missing = [], damaged = [];
        for (int round = 0; round < rounds; round++)
        {
            killed.Add(await MeasureAsync(index, root, entries));
            FileIndexes.Delete(index, root);
            missing.Add(await MeasureAsync(index, root, entries));
            FileIndexes.Damage(index, root);
            damaged.Add(await MeasureAsync(index, root, entries));
            await BeKilledAsync(index, root, entries / 100);
        }

        return
        [
            Row($"{index}: the process was killed, until open", killed.Max(f => f.Open), OpenSeconds),
            Row($"{index}: the process was killed, until swept", killed.Max(f => f.Swept), null),
            Row($"{index}: its files are gone, until open", missing.Max(f => f.Open), OpenSeconds),
            Row($"{index}: its files are gone, until rebuilt", missing.Max(f => f.Swept), RebuildSeconds),
            Row($"{index}: half of each of its files is zeros, until open", damaged.Max(f => f.Open), OpenSeconds),
            Row($"{index}: half of each of its files is zeros, until rebuilt", damaged.Max(f => f.Swept), RebuildSeconds),
        ];
    }

    /// <summary>Caches values, says so, and waits for the end.</summary>
    public static async Task ChildAsync(string index, string root, int entries)
    {
        await using IStoreIndex opened = FileIndexes.Open(index, root);
        await using IndexedCacheStorage storage = Open(opened, root);
        await using var store = new CachedStore(new ValueOrigin(), StoreId, storage);
        for (int i = 0; i < entries; i++)
        {
            await store.GetBytesAsync(Key(i));
        }

        await storage.FlushAsync(CancellationToken.None);
        Console.WriteLine("cached");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
    }

    private static async Task BeKilledAsync(string index, string root, int entries)
    {
        using Process child = ChildProcess.Start(ChildCommand, index, root, entries.ToString(CultureInfo.InvariantCulture));
        string? line = await child.StandardOutput.ReadLineAsync();
        child.Kill();
        await child.WaitForExitAsync();
        if (line != "cached")
        {
            throw new InvalidOperationException($"The process that was to cache {entries} values said '{line}'.");
        }
    }

    /// <summary>All values must be cached when the sweep is done, else there was nothing to measure.</summary>
    private static async Task<Figures> MeasureAsync(string index, string root, int entries)
    {
        GC.Collect();
        long start = Stopwatch.GetTimestamp();
        await using IStoreIndex opened = FileIndexes.Open(index, root);
        await using IndexedCacheStorage storage = Open(opened, root);
        await using var store = new CachedStore(new ValueOrigin(), StoreId, storage);
        await store.GetBytesAsync(Key(entries / 2));
        double open = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await storage.SweepCompletion;
        double swept = Stopwatch.GetElapsedTime(start).TotalSeconds;
        IndexTotals totals = await storage.GetTotalsAsync(null, CancellationToken.None);
        Console.WriteLine(ResultsFile.Invariant($"{index}, found {opened.Condition}: open after {open:0.000} s, swept after {swept:0.00} s, {totals.Count} entries"));
        return totals.Count == entries ? new Figures(open, swept) : throw new InvalidOperationException($"{totals.Count} of {entries} entries are there.");
    }

    private static IndexedCacheStorage Open(IStoreIndex index, string root) =>
        new(index, FileSystemStore.Opener(Path.Combine(root, "{store_id}.zarr")), new IndexedCacheStorageOptions { MaxSize = 1L << 40, WhenQueueFull = QueueFullMode.Wait });

    private static string Key(int number) => ResultsFile.Invariant($"u/c/{number / 1000}/{number % 1000}");

    private static string Row(string what, double seconds, double? asked) =>
        ResultsFile.Invariant($"| {what} | {seconds:0.00} s | {(asked is { } most ? ResultsFile.Invariant($"≤ {most:0} s") : "")} | {(asked is null ? "" : seconds <= asked ? "yes" : "**no**")} |");

    private readonly record struct Figures(double Open, double Swept);
}
