using System.Collections.Concurrent;
using System.Diagnostics;
using SQLitePCL;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Redis;
using ZarrCache.Index.Redis.Tests;
using ZarrCache.Index.Sqlite;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Benchmarks.Reliability;

/// <summary>Times every read while the index is locked, gone or stands still, against the same reads before.</summary>
internal static class UnreachableIndexBenchmark
{
    public const int Readers = 4;
    public const string LockCommand = "reliability-lock-child";

    private const int CachedKeys = 1000;
    private const double MostMilliseconds = 250;

    public static readonly TimeSpan Time = TimeSpan.FromSeconds(10);

    public static async Task<List<string>> RunAsync()
    {
        List<string> rows = [];
        using (var scratch = new ScratchDirectory())
        {
            string file = scratch["index.db"];
            await using var index = new SqliteStoreIndex(file);
            rows.Add(await MeasureAsync(
                "SQLite: another process is in the middle of a transaction that writes",
                index,
                scratch,
                async () =>
                {
                    Process child = ChildProcess.Start(LockCommand, file);
                    if (await child.StandardOutput.ReadLineAsync() != "locked")
                    {
                        throw new InvalidOperationException("The index could not be locked.");
                    }

                    return child;
                },
                async child =>
                {
                    child.StandardInput.Close();
                    await child.WaitForExitAsync();
                    child.Dispose();
                }));
            rows.Add(await MeasureAsync(
                "SQLite: the files of the index were deleted",
                index,
                scratch,
                () =>
                {
                    Array.ForEach(Directory.GetFiles(Path.GetDirectoryName(file)!, "index.db*"), File.Delete);
                    return Task.FromResult(0);
                },
                _ => Task.CompletedTask));
        }

        rows.Add(await OfRedisAsync("the server stands still", server => server.PauseAsync(default), server => server.ResumeAsync(default)));
        rows.Add(await OfRedisAsync("the server is gone", server => server.KillAsync(default), server => server.StartAgainAsync(default)));
        return rows;
    }

    /// <summary>Holds the lock of whoever writes until its input ends.</summary>
    public static void LockChild(string file)
    {
        Batteries_V2.Init();
        Check(raw.sqlite3_open(file, out sqlite3 db));
        using (db)
        {
            Check(raw.sqlite3_exec(db, "BEGIN EXCLUSIVE"));
            Console.WriteLine("locked");
            Console.In.ReadToEnd();
        }

        static void Check(int result)
        {
            if (result != raw.SQLITE_OK)
            {
                throw new InvalidOperationException($"SQLite says {result}.");
            }
        }
    }

    private static async Task<string> OfRedisAsync(string what, Func<RedisProcess, Task> begin, Func<RedisProcess, Task> end)
    {
        await using RedisProcess server = await RedisProcess.StartAsync([], CancellationToken.None);
        using var scratch = new ScratchDirectory();
        await using RedisStoreIndex index = await RedisStoreIndex.OpenAsync(server.Address);
        return await MeasureAsync(
            $"Redis: {what}",
            index,
            scratch,
            async () =>
            {
                await begin(server);
                return server;
            },
            end);
    }

    private static async Task<string> MeasureAsync<T>(string what, IStoreIndex index, ScratchDirectory scratch, Func<Task<T>> begin, Func<T, Task> end)
    {
        await using var storage = new IndexedCacheStorage(index, FileSystemStore.Opener(scratch["{store_id}.zarr"]), maxSize: 1L << 40);
        await using var store = new CachedStore(new ValueOrigin(), "s", storage);
        for (int i = 0; i < CachedKeys; i++)
        {
            await store.GetBytesAsync(CachedKey(i));
        }

        await storage.FlushAsync(CancellationToken.None);
        int next = 0;
        double[] usual = await ReadAsync(store, () => Interlocked.Increment(ref next));
        if (store.Statistics.Hits < usual.Length / 3)
        {
            throw new InvalidOperationException($"Only {store.Statistics.Hits} of {usual.Length} reads were hits before the fault: {what}.");
        }

        T fault = await begin();
        double[] faulty = await ReadAsync(store, () => Interlocked.Increment(ref next));
        await end(fault);
        double more = faulty[^1] - usual[^1];
        string row = ResultsFile.Invariant($"| {what} | {Text(usual)} | {Text(faulty)} | {more:0} ms | ≤ {MostMilliseconds:0} ms | {(more <= MostMilliseconds ? "yes" : "**no**")} |");
        Console.WriteLine(row);
        return row;
    }

    private static string CachedKey(int number) => ResultsFile.Invariant($"hit/c/{number}");

    /// <returns>Milliseconds of each read, sorted.</returns>
    private static async Task<double[]> ReadAsync(CachedStore store, Func<int> number)
    {
        var times = new ConcurrentBag<double>();
        long begun = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Readers).Select(reader => Task.Run(async () =>
        {
            var random = new Random(reader);
            while (Stopwatch.GetElapsedTime(begun) < Time)
            {
                string key = random.Next(2) == 0 ? CachedKey(random.Next(CachedKeys)) : ResultsFile.Invariant($"miss/c/{number()}");
                long start = Stopwatch.GetTimestamp();
                await store.GetBytesAsync(key);
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System); // so that the readers, not the processors, are what it waits for
            }
        })));
        return [.. times.Order()];
    }

    private static string Text(double[] sorted) => ResultsFile.Invariant($"{sorted[sorted.Length / 2]:0.00}, {sorted[sorted.Length * 99 / 100]:0.0}, {sorted[^1]:0} ms");
}
