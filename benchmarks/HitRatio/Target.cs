using System.Globalization;

namespace ZarrCache.HitRatio;

/// <summary>What the policies must reach.</summary>
internal sealed record Target(string What, string Measured, string Asked, bool Met)
{
    /// <summary>The targets of the traces that were replayed.</summary>
    public static IEnumerable<Target> Of(IReadOnlyList<ScenarioResult> results)
    {
        string gdsf = EvictionPolicy.Gdsf.Name;
        string lirs = EvictionPolicy.Lirs.Name;
        if (Find("gcc") is { } gcc)
        {
            double[] costs = [.. gcc.Caches.Select(cache => cache.RelativeCost(gdsf))];
            yield return AtMost("`gcc`, cost of the misses of gdsf in LRU's, caches of 0.1 to 40 % of the keys: the mean", costs.Average(), 0.97);
            yield return AtMost("the same: the worst", costs.Max(), 1);
        }

        if (Find("two-stores") is { } two)
        {
            foreach ((CacheResult cache, double most) in two.Caches.Zip([0.60, 0.48, 0.38]))
            {
                yield return AtMost($"two stores, cost of the misses of gdsf in LRU's, a cache of {Report.Percent(cache.Share)}", cache.RelativeCost(gdsf), most);
            }
        }

        if (Find("adaptsize") is { } adaptsize)
        {
            double[] hits = [.. adaptsize.Caches.Select(cache => cache.RelativeObjectHits(gdsf))];
            yield return AtLeast("`adaptsize`, object hit ratio of gdsf in LRU's, caches of 0.5, 1, 2 and 5 %: the mean", hits.Average(), 1.3);
            yield return AtLeast("the same: the worst", hits.Min(), 1.25);
        }

        if (Find("loop") is { } loop)
        {
            yield return AtLeast(
                "`loop`, hit ratio of lirs in MIN's, caches of 90 to 98 %: the worst (LRU has none)",
                loop.Caches.Where(cache => cache.Share >= 0.9).Min(cache => cache.Outcomes[lirs].Hits / cache.Bound.Hits),
                0.75);
        }

        foreach (string name in (string[])["multi3", "sprite"])
        {
            if (Find(name) is { } trace)
            {
                yield return AtLeast($"`{name}`, hit ratio of lirs in LRU's: the worst", trace.Caches.Min(cache => cache.RelativeObjectHits(lirs)), 0.95);
            }
        }

        ScenarioResult? Find(string name) => results.FirstOrDefault(result => result.Scenario.Name == name);
    }

    public static Target AtMost(string what, double measured, double most) => new(what, Text(measured), "≤ " + most.ToString("0.00", CultureInfo.InvariantCulture) + "×", measured <= most);

    public static Target AtLeast(string what, double measured, double least) => new(what, Text(measured), "≥ " + least.ToString("0.00", CultureInfo.InvariantCulture) + "×", measured >= least);

    private static string Text(double ratio) => ratio.ToString("0.000", CultureInfo.InvariantCulture) + "×";
}
