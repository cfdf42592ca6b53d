using System.Diagnostics;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Faster;

namespace ZarrCache.Benchmarks.Faster;

/// <summary>What two threads do in a second, against one: the index; the same work in two processes, which is what the machine gives; and FasterKV alone with a session for each thread.</summary>
internal sealed class ThreadWork
{
    private readonly Dictionary<(string What, int Threads), List<double>> _rates = [];

    public static async Task RunAsync(int keys, int rounds)
    {
        await new ThreadWork().RoundAsync(1, 100_000); // all is compiled before it is measured
        await new ThreadWork().RoundAsync(2, 100_000);
        var work = new ThreadWork();
        for (int round = 0; round < rounds; round++)
        {
            foreach (int threads in round % 2 == 0 ? (int[])[1, 2] : [2, 1])
            {
                await work.RoundAsync(threads, keys);
            }

            foreach ((string what, double rate) in await ProcessWork.RunAsync(keys))
            {
                work.Add($"{what} in processes", 2, rate);
            }
        }

        var table = new Table();
        foreach (string what in (string[])["push", "find", "mark"])
        {
            table.Rate($"{what}, two threads", work._rates[(what, 2)], "one thread", work._rates[(what, 1)], 1.5);
        }

        foreach (string what in (string[])["push", "find", "mark"])
        {
            table.Rate($"{what}, two threads", work._rates[(what, 2)], "two processes, each with half of the keys", work._rates[($"{what} in processes", 2)], null);
        }

        foreach (string what in (string[])["read then upsert", "read", "RMW"])
        {
            table.Rate($"FasterKV: {what}, two threads", work._rates[(what, 2)], "one thread", work._rates[(what, 1)], null);
        }

        await ResultsFile.WriteSectionAsync(FasterBenchmarks.File, FasterBenchmarks.Title, ResultsFile.Invariant($"Two threads, {keys:N0} keys"), [.. table.Rows, "", ResultsFile.Invariant($"Medians of {rounds} rounds. Two processes share nothing but the machine: where two threads do as much as they, it is the machine that gives no more.")]);
    }

    private async Task RoundAsync(int threads, int keys)
    {
        await IndexAsync(threads, keys);
        Raw(threads, keys);
    }

    private async Task IndexAsync(int threads, int keys)
    {
        IndexEntry[] entries = [.. Enumerable.Range(0, keys).Select(i => ArrayEntries.Make(ArrayEntries.Scattered(i, keys)))]; // making them is not counted
        EntryKey[] places = MemoryWork.Places(keys, keys);
        using var scratch = new ScratchDirectory();
        await using var index = new FasterStoreIndex(scratch["index"], MemoryWork.Options(keys));
        await InThreadsAsync("push", threads, keys, _ => async i => await index.PushAsync(entries[i], CancellationToken.None));
        await InThreadsAsync("find", threads, keys, _ => async i => await index.FindAsync(places[i], CancellationToken.None));
        await InThreadsAsync("mark", threads, keys, _ => async i => await index.MarkAsync(places[i], DateTimeOffset.UnixEpoch, CancellationToken.None));
    }

    private void Raw(int threads, int keys)
    {
        var records = new RawBatch(keys);
        records.Fill([.. Enumerable.Range(0, keys).Select(i => ArrayEntries.Make(ArrayEntries.Scattered(i, keys)))]);
        byte[][] places = MemoryWork.RawPlaces(keys, keys);
        using var scratch = new ScratchDirectory();
        using var first = new RawLog(scratch["raw"], MemoryWork.LogMemory(keys), MemoryWork.TableBytes(keys));
        using var second = new RawLog(first);
        RawLog[] sessions = [first, second];
        InThreadsAsync("read then upsert", threads, keys, thread => i =>
        {
            records.Push(sessions[thread], i);
            return ValueTask.CompletedTask;
        }).Wait();
        InThreadsAsync("read", threads, keys, thread => i =>
        {
            MemoryWork.Require(sessions[thread].Read(places[i]));
            return ValueTask.CompletedTask;
        }).Wait();
        InThreadsAsync("RMW", threads, keys, thread => i =>
        {
            sessions[thread].Mark(places[i], i);
            return ValueTask.CompletedTask;
        }).Wait();
    }

    private async Task InThreadsAsync(string what, int threads, int count, Func<int, Func<int, ValueTask>> work)
    {
        GC.Collect();
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, threads).Select(thread => Task.Run(async () =>
        {
            Func<int, ValueTask> one = work(thread);
            for (int i = thread; i < count; i += threads)
            {
                await one(i);
            }
        })));
        Add(what, threads, count / Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private void Add(string what, int threads, double rate)
    {
        if (!_rates.TryGetValue((what, threads), out List<double>? rates))
        {
            _rates.Add((what, threads), rates = []);
        }

        rates.Add(rate);
    }
}
