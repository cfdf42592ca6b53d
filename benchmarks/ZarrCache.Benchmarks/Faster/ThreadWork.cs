using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Faster;

namespace ZarrCache.Benchmarks.Faster;

/// <summary>What two threads do in a second, against one: the index; the same work in two processes, which is what the machine gives; and FasterKV alone with a session for each thread.</summary>
internal sealed class ThreadWork
{
    /// <summary>Long beside the start of two threads.</summary>
    private const int Slice = 50_000;

    private readonly Dictionary<(string What, int Threads), List<double>> _rates = [];

    public static async Task RunAsync(int keys, int rounds)
    {
        await new ThreadWork().RoundAsync(100_000); // all is compiled before it is measured
        var work = new ThreadWork();
        for (int round = 0; round < rounds; round++)
        {
            await work.RoundAsync(keys);
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

    private async Task RoundAsync(int keys)
    {
        await IndexAsync(keys);
        await RawAsync(keys);
    }

    private async Task IndexAsync(int keys)
    {
        IndexEntry[] entries = [.. Enumerable.Range(0, keys).Select(i => ArrayEntries.Make(ArrayEntries.Scattered(i, keys)))]; // making them is not counted
        EntryKey[] places = MemoryWork.Places(keys, keys);
        using var scratch = new ScratchDirectory();
        await using var ofOne = new FasterStoreIndex(scratch["one"], MemoryWork.Options(keys));
        await using var ofTwo = new FasterStoreIndex(scratch["two"], MemoryWork.Options(keys));
        await MeasureAsync("push", keys, threads => Each(threads, async i => await (threads == 1 ? ofOne : ofTwo).PushAsync(entries[i], CancellationToken.None)));
        await MeasureAsync("find", keys, threads => Each(threads, async i => await (threads == 1 ? ofOne : ofTwo).FindAsync(places[i], CancellationToken.None)));
        await MeasureAsync("mark", keys, threads => Each(threads, i => (threads == 1 ? ofOne : ofTwo).MarkAsync(places[i], DateTimeOffset.UnixEpoch, CancellationToken.None)));
    }

    private async Task RawAsync(int keys)
    {
        var records = new RawBatch(keys);
        records.Fill([.. Enumerable.Range(0, keys).Select(i => ArrayEntries.Make(ArrayEntries.Scattered(i, keys)))]);
        byte[][] places = MemoryWork.RawPlaces(keys, keys);
        using var scratch = new ScratchDirectory();
        using var ofOne = new RawLog(scratch["one"], MemoryWork.LogMemory(keys), MemoryWork.TableBytes(keys));
        using var ofTwo = new RawLog(scratch["two"], MemoryWork.LogMemory(keys), MemoryWork.TableBytes(keys));
        using var ofTwoToo = new RawLog(ofTwo);
        RawLog[][] sessions = [[ofOne], [ofTwo, ofTwoToo]];
        await MeasureAsync("read then upsert", keys, threads => EachSession(session => i => records.Push(session, i), threads));
        await MeasureAsync("read", keys, threads => EachSession(session => i => MemoryWork.Require(session.Read(places[i])), threads));
        await MeasureAsync("RMW", keys, threads => EachSession(session => i => session.Mark(places[i], i), threads));

        Func<int, ValueTask>[] EachSession(Func<RawLog, Action<int>> work, int threads) => [.. sessions[threads - 1].Select(work).Select(one => (Func<int, ValueTask>)(i =>
        {
            one(i);
            return ValueTask.CompletedTask;
        }))];
    }

    private static Func<int, ValueTask>[] Each(int threads, Func<int, ValueTask> work) => [.. Enumerable.Repeat(work, threads)];

    /// <summary>One thread with a store of its own and two with another one, in turns.</summary>
    private async Task MeasureAsync(string what, int keys, Func<int, Func<int, ValueTask>[]> workOf)
    {
        (Func<int, ValueTask>[] one, Func<int, ValueTask>[] two) = (workOf(1), workOf(2));
        (double rateOfOne, double rateOfTwo) = await Turns.RunAsync(keys, Slice, static _ => { }, first => SliceAsync(one, first), first => SliceAsync(two, first));
        Add(what, 1, rateOfOne);
        Add(what, 2, rateOfTwo);
    }

    /// <summary>The operations of a slice, shared out among as many threads as there are works.</summary>
    private static Task SliceAsync(Func<int, ValueTask>[] works, int first) => Task.WhenAll(works.Select((work, thread) => Task.Run(async () =>
    {
        for (int i = first + thread; i < first + Slice; i += works.Length)
        {
            await work(i);
        }
    })));

    private void Add(string what, int threads, double rate)
    {
        if (!_rates.TryGetValue((what, threads), out List<double>? rates))
        {
            _rates.Add((what, threads), rates = []);
        }

        rates.Add(rate);
    }
}
