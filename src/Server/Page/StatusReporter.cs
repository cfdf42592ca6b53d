namespace ZarrCache.Server.Page;

/// <summary>Puts together what the page shows. Costs a look-up of totals for each store, whatever they hold.</summary>
internal static class StatusReporter
{
    private static readonly string Version = typeof(StatusReporter).Assembly.GetName().Version!.ToString(3);

    public static async Task<StatusDocument> ReportAsync(Gateway gateway, OriginLatencies latencies, CancellationToken ct)
    {
        CacheDirectory cache = gateway.Cache;
        IReadOnlyDictionary<string, StoreQuota> quotas = cache.Quotas;
        List<StoreDocument> stores = [];
        foreach (ServedStore store in gateway.Stores.Values.OrderBy(store => store.Id, StringComparer.Ordinal))
        {
            CachedStoreStatistics statistics = store.Store.Statistics;
            StoreQuota? quota = quotas.GetValueOrDefault(store.Id);
            stores.Add(new StoreDocument(
                store.Id, store.Address, store.Store.Offline,
                TotalsDocument.Of(await cache.Index.GetTotalsAsync(store.Id, ct)),
                quota?.Minimum ?? 0, quota is null or { Maximum: long.MaxValue } ? null : quota.Maximum,
                statistics.Hits, statistics.AbsentHits, statistics.StaleHits, statistics.Misses, statistics.HitBytes,
                statistics.OriginRequests, statistics.OriginFailures, statistics.OriginBytes, statistics.Revalidations,
                statistics.MeanHitTime.TotalSeconds,
                Summarize(latencies.Sorted(store.Id)),
                store.LastFault is { } fault ? new FaultDocument(fault.At, fault.Reason) : null));
        }

        RequestCounter requests = gateway.Requests;
        return new StatusDocument(
            Version, requests.Uptime.TotalSeconds, Abbreviate(cache.Path), cache.IndexKind, cache.Policy.Name, cache.MaxSize,
            TotalsDocument.Of(await cache.Index.GetTotalsAsync(null, ct)), cache.Storage.Counters,
            new RequestsDocument(requests.Total, requests.Active, requests.Bytes, requests.Failures), stores);
    }

    /// <summary>A path as a shell has it: who looks at the page need not know whose home it lies in.</summary>
    private static string Abbreviate(string path)
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return home.Length > 1 && path.StartsWith(home + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? "~" + path[home.Length..] : path;
    }

    private static LatencyDocument? Summarize(double[] sorted) =>
        sorted.Length == 0 ? null : new LatencyDocument(sorted.Length, At(sorted, 0.5), At(sorted, 0.95), sorted[^1]);

    private static double At(double[] sorted, double share) => sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
}
