using ZarrCache.Benchmarks.Harness;

namespace ZarrCache.Benchmarks.Sqlite;

/// <summary>All that is measured of the SQLite index, into one file.</summary>
internal static class SqliteBenchmarks
{
    private const long MostMemory = 200_000_000;

    /// <param name="keys">How many keys.</param>
    /// <param name="rounds">How often each comparison is repeated.</param>
    /// <param name="only">Only this part, and no file is written: push, pop, enumerate, mark, callers or memory; null for all.</param>
    public static async Task RunAsync(int keys, int rounds, string? only)
    {
        Console.WriteLine(Comparison.Header);
        var rows = new List<string>();
        if (Wants("push"))
        {
            rows.Add((await PushBenchmark.RunAsync(keys, rounds)).ToRow());
        }

        if (Wants("pop") || Wants("enumerate") || Wants("mark"))
        {
            rows.AddRange(await RunFilledAsync(keys, rounds, Wants));
        }

        if (Wants("callers"))
        {
            foreach ((int callers, double? atLeast) in ((int, double?)[])[(1, null), (16, 1.7), (256, 3)])
            {
                rows.Add((await ConcurrentPushBenchmark.RunAsync(Math.Max(10_000, keys / 10), rounds, callers, atLeast)).ToRow());
            }
        }

        List<string> memory = Wants("memory") ? [await MemoryBenchmark.RunAsync(keys, MostMemory), await MemoryBenchmark.RunAsync(5 * keys, MostMemory)] : [];
        if (only is null)
        {
            await ResultsFile.WriteAsync("sqlite.md", $"The SQLite index, {keys:N0} keys, {rounds} rounds", Lines(rows, memory));
        }

        bool Wants(string part) => only is null || only == part;
    }

    private static async Task<List<string>> RunFilledAsync(int keys, int rounds, Predicate<string> wants)
    {
        var rows = new List<string>();
        using FilledDatabase filled = await FilledDatabase.CreateAsync(keys);
        if (wants("pop"))
        {
            rows.Add((await PopBenchmark.RunAsync(filled, keys, rounds)).ToRow());
        }

        if (wants("enumerate"))
        {
            foreach (IndexOrder order in (IndexOrder[])[IndexOrder.None, IndexOrder.Key, IndexOrder.LastAccess])
            {
                rows.Add((await EnumerateBenchmark.RunAsync(filled, keys, rounds, order)).ToRow());
            }
        }

        if (wants("mark"))
        {
            rows.Add((await MarkBenchmark.RunAsync(filled, keys, rounds, skewed: true)).ToRow());
            rows.Add((await MarkBenchmark.RunAsync(filled, keys, rounds, skewed: false)).ToRow());
        }

        return rows;
    }

    private static IEnumerable<string> Lines(List<string> rows, List<string> memory) =>
    [
        Comparison.Header,
        .. rows,
        "",
        "Anonymous private memory of a process of its own that fills an index, then finds and marks every key, pops and enumerates; the largest seen:",
        "",
        "| Keys | Memory | At most | Met |",
        "|---|---|---|---|",
        .. memory,
    ];
}
