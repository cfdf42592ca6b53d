using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Redis.Tests;

namespace ZarrCache.Benchmarks.Reliability;

/// <summary>The figures of <c>docs/promises.md</c>: how soon a cache is open after a kill, how soon a lost index is rebuilt, and what an index out of reach costs a read.</summary>
internal static class ReliabilityBenchmarks
{
    /// <param name="entries">How many the cache has.</param>
    /// <param name="rounds">How often each is repeated; the longest counts.</param>
    public static async Task RunAsync(int entries, int rounds)
    {
        if (!RedisProcess.IsInstalled)
        {
            Console.Error.WriteLine($"redis-server is not installed: {RedisProcess.Install}");
            return;
        }

        List<string> opening = [];
        foreach (string index in (string[])[FileIndexes.Sqlite, FileIndexes.Faster])
        {
            opening.AddRange(await OpeningBenchmark.RunAsync(index, entries, rounds));
        }

        List<string> reads = [.. await UnreachableIndexBenchmark.RunAsync()];
        await ResultsFile.WriteAsync(
            "reliability.md",
            ResultsFile.Invariant($"What faults of the index cost, {entries:N0} entries, {rounds} rounds"),
            [
                ResultsFile.Invariant($"Values of {OpeningBenchmark.ValueSize} bytes in the file system. The longest of the rounds; opening ends with the first value read, rebuilding with the last file taken over, while all is served."),
                "",
                "| What | Longest | Asked | Met |",
                "|---|---|---|---|",
                .. opening,
                "",
                ResultsFile.Invariant($"Reads by {UnreachableIndexBenchmark.Readers} tasks for {UnreachableIndexBenchmark.Time.TotalSeconds:0} seconds each, half of them of cached values, half of values that come from an origin in memory: as usual, and with the fault."),
                "",
                "| Fault | As usual: p50, p99, longest | With the fault: p50, p99, longest | Longest beyond the usual longest | Asked | Met |",
                "|---|---|---|---|---|---|",
                .. reads,
            ]);
    }
}
