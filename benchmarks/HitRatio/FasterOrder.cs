using System.Globalization;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Faster;

namespace ZarrCache.HitRatio;

/// <summary>
/// What the order of pops of the FASTER index is worth: traces replayed through it and through the exact index in memory. Also
/// with a window of 64 entries, so that the caches of the traces are to it what caches of a million are to the real one.
/// </summary>
internal static class FasterOrder
{
    private const int SmallWindow = 64;

    private static readonly (string Scenario, double[] Shares)[] Replayed =
    [
        ("gcc", [0.05, 0.2]), ("adaptsize", [0.02, 0.05]), ("multi3", [0.2, 0.5]), ("sprite", [0.2, 0.5]), ("two-stores", [0.1, 0.2]),
    ];

    private static readonly EvictionPolicy[] Policies = [EvictionPolicy.Lru, EvictionPolicy.Lfu, EvictionPolicy.Gdsf, EvictionPolicy.Lirs];

    public static async Task RunAsync(Action<string> progress, CancellationToken ct)
    {
        var lines = new List<string>
        {
            "Object hit ratios on the traces, in percent: *the exact index in memory* · *the FASTER index* · *the same with a window of 64 entries instead of 4,096*.",
            "",
            $"| Trace | Cache | Entries at most | {string.Join(" | ", Policies.Select(policy => policy.Name))} |",
            $"|---|---|---|{string.Concat(Policies.Select(_ => "---|"))}",
        };
        double worst = 0;
        double worstSmall = 0;
        foreach ((string name, double[] shares) in Replayed)
        {
            Trace trace = Scenario.All.Single(scenario => scenario.Name == name).Read();
            foreach (double share in shares)
            {
                progress(FormattableString.Invariant($"{name}, a cache of {share:0.0%}"));
                long capacity = trace.Capacity(share);
                var cells = new List<string>();
                long most = 0;
                foreach (EvictionPolicy policy in Policies)
                {
                    await using var memory = new MemoryStoreIndex(policy);
                    double exact = (await Replay.RunAsync(trace, memory, capacity, ct)).ObjectHitRatio;
                    most = Math.Max(most, (await memory.GetTotalsAsync(null, ct)).Count);
                    double ours = await HitRatioAsync(trace, capacity, policy, 4096, ct);
                    double small = await HitRatioAsync(trace, capacity, policy, SmallWindow, ct);
                    worst = Math.Max(worst, exact - ours);
                    worstSmall = Math.Max(worstSmall, exact - small);
                    cells.Add(string.Create(CultureInfo.InvariantCulture, $"{100 * exact:0.00} · {100 * ours:0.00} · {100 * small:0.00}"));
                }

                lines.Add($"| {name} | {Report.Percent(share)} | {most.ToString("N0", CultureInfo.InvariantCulture)} | {string.Join(" | ", cells)} |");
            }
        }

        lines.AddRange(["", string.Create(CultureInfo.InvariantCulture, $"At worst {100 * worst:0.00} percent points below the exact order, and {100 * worstSmall:0.00} with the small window.")]);
        await ResultsFile.WriteSectionAsync("faster.md", "The FASTER index", "Order of pops", lines);
    }

    private static async Task<double> HitRatioAsync(Trace trace, long capacity, EvictionPolicy policy, int window, CancellationToken ct)
    {
        string directory = Directory.CreateTempSubdirectory("zarrcache-order-").FullName;
        try
        {
            await using var index = new FasterStoreIndex(directory, new FasterStoreIndexOptions { Policy = policy, WindowSize = window });
            return (await Replay.RunAsync(trace, index, capacity, ct)).ObjectHitRatio;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
