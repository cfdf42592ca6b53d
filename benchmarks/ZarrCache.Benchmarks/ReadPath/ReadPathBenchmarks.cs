using ZarrCache.Benchmarks.Harness;

namespace ZarrCache.Benchmarks.ReadPath;

/// <summary>All that is measured of reading through the cache, into one file.</summary>
internal static class ReadPathBenchmarks
{
    /// <param name="otherKeys">How many other keys the index has.</param>
    /// <param name="rounds">How often each comparison is repeated.</param>
    public static async Task RunAsync(int otherKeys, int rounds)
    {
        Console.WriteLine(Comparison.Header);
        List<string> rows = [];
        List<string> limits = [];
        await using (var cache = new FilledCache())
        {
            await cache.AddOtherKeysAsync(otherKeys);
            rows.Add((await HitBenchmark.RunAsync(cache, otherKeys, 1 << 20, 100, rounds, 0.8)).ToRow());
            rows.Add((await HitBenchmark.RunAsync(cache, otherKeys, 64 << 10, 1000, rounds, 0.65)).ToRow());
            rows.Add((await HitBenchmark.RunAsync(cache, otherKeys, 4 << 10, 10_000, rounds, 0.5)).ToRow());
            rows.Add((await HitBenchmark.RunVerifiedAsync(cache, 1 << 20, 100, rounds)).ToRow());
            (long mean, long most) = await HitBenchmark.AllocatedAsync(cache, 1 << 20, 50);
            limits.Add(ResultsFile.Invariant(
                $"| heap allocated by a hit of 1 MiB into the caller's memory | {mean} B, at most {most} B | ≤ 1 KB, none of it large | {(mean <= 1024 && most < 85_000 ? "yes" : "**no**")} |"));
        }

        limits.Add(await LargeObjectBenchmark.RunAsync(512L << 20, 100L << 20));
        long requests = await SingleFlightBenchmark.RunAsync(64);
        limits.Add(ResultsFile.Invariant($"| origin requests when 64 tasks ask for one missing key | {requests} | 1 | {(requests == 1 ? "yes" : "**no**")} |"));
        await ResultsFile.WriteAsync("read.md", $"Reading through the cache, SQLite and file system, {rounds} rounds", [Comparison.Header, .. rows, "", "| What | Measured | Asked | Met |", "|---|---|---|---|", .. limits]);
    }
}
