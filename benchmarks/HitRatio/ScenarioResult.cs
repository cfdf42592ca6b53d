namespace ZarrCache.HitRatio;

/// <summary>What the policies came to on one trace and one cache.</summary>
/// <param name="Share">The size of the cache, as a share of the footprint.</param>
/// <param name="Outcomes">By name of the policy.</param>
/// <param name="Bound">What nothing can surpass; each of its numbers by itself.</param>
public sealed record CacheResult(double Share, IReadOnlyDictionary<string, Outcome> Outcomes, Outcome Bound)
{
    public Outcome Lru => Outcomes[EvictionPolicy.Lru.Name];

    /// <summary>The cost of a policy's misses, in those of LRU.</summary>
    public double RelativeCost(string policy) => Outcomes[policy].MissCost / Lru.MissCost;

    public double RelativeObjectHits(string policy) => Outcomes[policy].ObjectHitRatio / Lru.ObjectHitRatio;
}

/// <summary>What the policies came to on one trace.</summary>
public sealed record ScenarioResult(Scenario Scenario, int Requests, int Keys, bool IsUniform, IReadOnlyList<CacheResult> Caches)
{
    /// <summary>Replays a trace on each of its caches, through the index of the library, with every policy.</summary>
    public static async Task<ScenarioResult> RunAsync(Scenario scenario, Action<string> progress, CancellationToken ct)
    {
        Trace trace = scenario.Read();
        bool uniform = trace.Requests.All(request => request.Size == 1);
        var caches = new List<CacheResult>();
        foreach (double share in scenario.Shares)
        {
            progress(FormattableString.Invariant($"{scenario.Name}, a cache of {share:0.0%}"));
            long capacity = trace.Capacity(share);
            var outcomes = new Dictionary<string, Outcome>(StringComparer.Ordinal);
            foreach (EvictionPolicy policy in EvictionPolicy.All)
            {
                await using var index = new MemoryStoreIndex(policy);
                outcomes.Add(policy.Name, await Replay.RunAsync(trace, index, capacity, ct));
            }

            caches.Add(new CacheResult(share, outcomes, Offline.Bound(trace, capacity, uniform)));
        }

        return new ScenarioResult(scenario, trace.Requests.Count, trace.Keys.Count, uniform, caches);
    }
}
