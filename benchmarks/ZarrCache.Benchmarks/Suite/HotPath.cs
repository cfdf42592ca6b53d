using System.Diagnostics;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.Benchmarks.ReadPath;
using ZarrCache.Benchmarks.Sqlite;

namespace ZarrCache.Benchmarks.Suite;

/// <summary>
/// One operation again and again for a profiler, which <c>benchmarks/profile</c> puts at it: it says <c>ready</c> when all is
/// prepared, and at its end how often it did it in a second. One caller.
/// </summary>
internal static class HotPath
{
    private const int IndexKeys = 200_000;
    private const int Batch = 1_000;

    public static IReadOnlyList<string> Names { get; } =
    [
        "hit-65536", "hit-1048576", "miss-65536", "miss-1048576",
        "S3-read", "S3-write",
        .. from index in IndexBackend.All where index.Reopens from operation in (string[])["push-pop", "find", "mark"] select $"{index.Name}-{operation}",
    ];

    public static async Task RunAsync(string name, TimeSpan time)
    {
        string[] words = name.Split('-', 2);
        await (words[0] switch
        {
            "hit" => HitAsync(int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture), time),
            "S3" => StorageAsync(StorageBackend.All.First(backend => backend.Name == words[0]), words[1] == "write", time),
            "miss" => MissAsync(int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture), time),
            _ => IndexAsync(IndexBackend.All.First(backend => backend.Name == words[0]), words[1], time),
        });
    }

    private static async Task HitAsync(int size, TimeSpan time)
    {
        await using var cache = new FilledCache();
        await cache.AddOtherKeysAsync(IndexKeys);
        (string[] keys, _) = await cache.CacheAsync(100, size);
        var buffer = new byte[size];
        await RepeatAsync(time, 1, async i =>
        {
            await using ReadResult result = await cache.Store.GetAsync(keys[i % keys.Length], default, CancellationToken.None);
            await result.ReadAsync(buffer.AsMemory(0, (int)result.Length), CancellationToken.None);
        });
    }

    private static async Task MissAsync(int size, TimeSpan time)
    {
        await using MissingCache cache = await MissingCache.CreateAsync(size);
        var buffer = new byte[size];
        await RepeatAsync(time, 1, async _ =>
        {
            await using ReadResult result = await cache.Store.GetAsync(cache.NextKey(), default, CancellationToken.None);
            await result.ReadAsync(buffer.AsMemory(0, (int)result.Length), CancellationToken.None);
        });
    }

    /// <summary>Chunks of 64 KiB; who writes erases one for each, as a full cache does.</summary>
    private static async Task StorageAsync(StorageBackend backend, bool writes, TimeSpan time)
    {
        var benchmark = new StorageBenchmarks { Storage = backend, Size = 64 << 10, Callers = 1 };
        await benchmark.FillAsync();
        await RepeatAsync(time, StorageBenchmarks.Operations, async _ => await (writes ? benchmark.WriteAsync() : benchmark.ReadAsync()));
        await benchmark.CleanUpAsync();
        await LoopbackServers.CloseAsync();
    }

    private static async Task IndexAsync(IndexBackend backend, string operation, TimeSpan time)
    {
        IStoreIndex index = (await FilledIndex.GetAsync(backend, IndexKeys)).Index;
        EntryKey[] keys = [.. Entries.Shuffled(IndexKeys).Select(number => new EntryKey(Entries.Store, Entries.Key(number)))];
        await (operation switch
        {
            "find" => RepeatAsync(time, 1, async i => await index.FindAsync(keys[i % keys.Length], CancellationToken.None)),
            "mark" => RepeatAsync(time, 1, i => index.MarkAsync(keys[i % keys.Length], TimeProvider.System.GetUtcNow(), CancellationToken.None)),
            _ => RepeatAsync(time, Batch, async i =>
            {
                IndexEntry[] entries = [.. Enumerable.Range(IndexKeys + (i * Batch), Batch).Select(Entries.Make)];
                await index.PushManyAsync(entries, CancellationToken.None);
                await index.PopAsync(new PopRequest(Count: Batch), CancellationToken.None);
            }),
        });
        await FilledIndex.CloseAsync();
        await LoopbackServers.CloseAsync();
    }

    private static async Task RepeatAsync(TimeSpan time, int operations, Func<int, ValueTask> work)
    {
        for (int i = 0; i < 2_000 / operations; i++)
        {
            await work(i); // until it is compiled
        }

        Console.WriteLine("ready");
        long start = Stopwatch.GetTimestamp();
        int done = 2_000 / operations;
        int first = done;
        while (Stopwatch.GetElapsedTime(start) < time)
        {
            await work(done++);
        }

        Console.WriteLine(ResultsFile.Invariant($"{(long)(done - first) * operations / Stopwatch.GetElapsedTime(start).TotalSeconds:0}"));
    }
}
