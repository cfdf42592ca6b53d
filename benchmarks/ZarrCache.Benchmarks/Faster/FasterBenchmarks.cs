using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Faster;
using ZarrCache.Index.Sqlite;

namespace ZarrCache.Benchmarks.Faster;

/// <summary>The FASTER index against FasterKV alone with the same bytes, and against SQLite. Each part is measured by itself and writes its section of the results.</summary>
internal static class FasterBenchmarks
{
    public const string File = "faster.md";
    public const string Title = "The FASTER index";
    private const int Operations = 1_000_000;

    public static async Task RunAsync(int keys, int rounds, string? only)
    {
        Func<Task> part = only switch
        {
            "memory" => () => MemoryAsync(keys, rounds),
            "spilled" => () => SpilledAsync(keys),
            "sqlite" => () => SqliteAsync(keys),
            "threads" => () => ThreadWork.RunAsync(keys, rounds),
            "large" => () => LargeAsync(keys),
            _ => throw new ArgumentException("faster is measured part by part: --only memory, spilled, sqlite, threads or large."),
        };
        await part();
    }

    private static async Task MemoryAsync(int keys, int rounds)
    {
        await MemoryWork.RunAsync(100_000, 100_000); // both are compiled before they are measured
        var ours = new List<MemoryWork>();
        var raw = new List<MemoryWork>();
        for (int round = 0; round < rounds; round++)
        {
            (MemoryWork oursNow, MemoryWork rawNow) = await MemoryWork.RunAsync(keys, Operations);
            ours.Add(oursNow);
            raw.Add(rawNow);
            Console.WriteLine($"{oursNow}\n{rawNow}");
        }

        var table = new Table();
        table.Rate("push", [.. ours.Select(work => work.Push)], "FasterKV, read then upsert", [.. raw.Select(work => work.Push)], 0.8);
        table.Rate("mark", [.. ours.Select(work => work.Mark)], "FasterKV, RMW in place", [.. raw.Select(work => work.Mark)], 0.8);
        table.Rate("find", [.. ours.Select(work => work.Find)], "FasterKV, read", [.. raw.Select(work => work.Find)], null);
        table.Rate("pop, batches of 1000", [.. ours.Select(work => work.Pop)], "its own push", [.. ours.Select(work => work.Push)], 0.5);
        table.Rate("pop after marks in no order", [.. ours.Select(work => work.PopMarked)], "its own push", [.. ours.Select(work => work.Push)], null);
        table.Rate("mark just after a checkpoint, which copies", [.. ours.Select(work => work.MarkSaved)], "its own mark in place", [.. ours.Select(work => work.Mark)], null);
        table.Rate("enumerate unsorted", [.. ours.Select(work => work.Scan)], "FasterKV, scan with the texts", [.. raw.Select(work => work.Scan)], 0.3);
        await ResultsFile.WriteSectionAsync(File, Title, ResultsFile.Invariant($"{keys:N0} keys, log in memory"), [.. table.Rows, "", ResultsFile.Invariant($"Medians of {rounds} rounds.")]);
    }

    private static async Task SpilledAsync(int keys)
    {
        Dictionary<string, double> ours = await SpilledWork.RunAsync(keys);
        double reads = SpilledWork.PendingReads(keys);
        var table = new Table();
        table.Rate("pop, batches of 1000", [ours["pop"]], "FasterKV, reads from disk, 1000 at a time", [reads], 0.3);
        table.Limit("opening", ours["recovery"], "s", 2);
        table.Limit("memory of the process, anonymous", ours["memory"] / 1e6, "MB", 600);
        table.Figure("push", Table.Text(ours["push"]));
        table.Figure("find", Table.Text(ours["find"]));
        table.Figure("mark", Table.Text(ours["mark"]));
        table.Figure("enumerate unsorted", Table.Text(ours["scan"]));
        table.Figure("files for each key", ResultsFile.Invariant($"{ours["disk"] / keys:0} bytes"));
        await ResultsFile.WriteSectionAsync(File, Title, ResultsFile.Invariant($"{keys:N0} keys, 64 MiB of log in memory"), table.Rows);
    }

    private static async Task SqliteAsync(int keys)
    {
        await BothAsync(200_000); // both are compiled before they are measured
        ((double Push, double Find, double Pop) ours, (double Push, double Find, double Pop) theirs) = await BothAsync(keys);
        var table = new Table();
        table.Rate("push, batches of 10,000", [ours.Push], "SQLite index", [theirs.Push], 4);
        table.Rate("find", [ours.Find], "SQLite index", [theirs.Find], 4);
        table.Rate("pop, batches of 1000", [ours.Pop], "SQLite index", [theirs.Pop], 4);
        await ResultsFile.WriteSectionAsync(File, Title, ResultsFile.Invariant($"{keys:N0} keys against the SQLite index"), table.Rows);
    }

    private static async Task<((double Push, double Find, double Pop) Ours, (double Push, double Find, double Pop) Theirs)> BothAsync(int keys)
    {
        using var scratch = new ScratchDirectory();
        await using var ours = new FasterStoreIndex(scratch["faster"], MemoryWork.Options(keys));
        await using var theirs = new SqliteStoreIndex(scratch["index.db"]);
        return (await WorkAsync(ours, keys), await WorkAsync(theirs, keys));
    }

    private static async Task<(double Push, double Find, double Pop)> WorkAsync(IStoreIndex index, int keys)
    {
        const int Few = 200_000;
        double push = await MemoryWork.PushManyAsync(index, keys);
        double find = await MemoryWork.RateAsync(MemoryWork.Places(keys, Few), async key => MemoryWork.Require(await index.FindAsync(key, CancellationToken.None) is not null));
        double pop = await MemoryWork.PopAsync(index, Few);
        Console.WriteLine($"{index.GetType().Name}: push {push:N0} find {find:N0} pop {pop:N0}");
        return (push, find, pop);
    }

    private static async Task LargeAsync(int keys)
    {
        Dictionary<string, double> ours = await SpilledWork.RunAsync(keys);
        var table = new Table();
        foreach (string what in (string[])["push", "find", "mark", "pop", "scan"])
        {
            table.Figure(what, Table.Text(ours[what]));
        }

        table.Figure("opening", ResultsFile.Invariant($"{ours["recovery"]:0.0} s"));
        table.Figure("memory of the process, anonymous", ResultsFile.Invariant($"{ours["memory"] / 1e6:0} MB"));
        table.Figure("files", ResultsFile.Invariant($"{ours["disk"] / 1e9:0.0} GB"));
        await ResultsFile.WriteSectionAsync(File, Title, ResultsFile.Invariant($"{keys:N0} keys, 64 MiB of log in memory"), table.Rows);
    }
}
