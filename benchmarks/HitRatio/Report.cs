using System.Globalization;

namespace ZarrCache.HitRatio;

/// <summary>The results as the lines of a Markdown file.</summary>
internal static class Report
{
    private static readonly string[] Policies = [.. EvictionPolicy.All.Select(policy => policy.Name)];

    public static IEnumerable<string> Lines(IReadOnlyList<ScenarioResult> results, IReadOnlyList<Target> targets)
    {
        yield return "Every read goes through the index of the library as a cache storage sends it: found, it is marked; else room is made, if the policy admits it, and it is pushed. "
            + "A cell is *object hit ratio* · *byte hit ratio* · *the cost of all misses, in LRU's*. The bound knows all reads to come: hits of objects of one size are Belady's MIN, exactly; "
            + "all else is PFOO-L (Berger et al. 2018), which nothing can surpass and the optimum may not reach.";
        yield return "";
        if (targets.Count > 0)
        {
            yield return "| What | Measured | Asked | Met |";
            yield return "|---|---|---|---|";
            foreach (Target target in targets)
            {
                yield return $"| {target.What} | {target.Measured} | {target.Asked} | {(target.Met ? "yes" : "**no**")} |";
            }

            yield return "";
        }

        foreach (ScenarioResult result in results)
        {
            yield return $"## {result.Scenario.Name}";
            yield return "";
            yield return string.Create(CultureInfo.InvariantCulture, $"{char.ToUpperInvariant(result.Scenario.About[0])}{result.Scenario.About[1..]}: {result.Requests:N0} reads of {result.Keys:N0} keys{(result.IsUniform ? "" : ", of unlike size")}.");
            yield return "";
            yield return $"| Cache | {string.Join(" | ", Policies)} | bound |";
            yield return $"|---|{string.Concat(Policies.Select(_ => "---|"))}---|";
            foreach (CacheResult cache in result.Caches)
            {
                yield return $"| {Percent(cache.Share)} | {string.Join(" | ", Policies.Select(policy => Cell(cache, cache.Outcomes[policy])))} | {Cell(cache, cache.Bound)} |";
            }

            yield return "";
        }
    }

    private static string Cell(CacheResult cache, Outcome outcome) =>
        string.Create(CultureInfo.InvariantCulture, $"{100 * outcome.ObjectHitRatio:0.0} · {100 * outcome.ByteHitRatio:0.0} · {outcome.MissCost / cache.Lru.MissCost:0.000}×");

    public static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.##} %");
}
