using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ZarrCache;

/// <summary>
/// The instruments of all cached stores and caches of the process. What is counted anyway is observed when somebody asks, so
/// that a hit pays nothing for it; only an answer of an origin is recorded as it comes. A store or cache that was disposed
/// of is no longer reported; several stores of one id, or caches of one name, are reported as one.
/// </summary>
internal static class ZarrCacheInstruments
{
    private static readonly string Version = typeof(ZarrCacheInstruments).Assembly.GetName().Version!.ToString(3);

    private static readonly ActivitySource Source = new(ZarrCacheDiagnostics.Name, Version);

    private static readonly Meter Meter = new(ZarrCacheDiagnostics.Name, Version);

    private static readonly Histogram<double> Latency = Meter.CreateHistogram(
        ZarrCacheDiagnostics.OriginLatency, "s", "From a request to an origin to the first it says.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] });

    static ZarrCacheInstruments()
    {
        Meter.CreateObservableCounter("zarrcache.reads", ObserveReads, "{read}", "Reads, by what answered them: hit, absent_hit or miss.");
        Store("zarrcache.stale_hits", "{read}", "Hits that were past their time, because the origin could not be asked.", store => store.StaleHits);
        Store("zarrcache.hit.bytes", "By", "Bytes that the cache gave.", store => store.HitBytes);
        Store("zarrcache.origin.requests", "{request}", "Requests to the origin.", store => store.OriginRequests);
        Store("zarrcache.origin.failures", "{request}", "Requests that the origin did not answer, or answered with what is no answer.", store => store.OriginFailures);
        Store("zarrcache.origin.bytes", "By", "Bytes that the origin gave.", store => store.OriginBytes);
        Store("zarrcache.origin.revalidations", "{request}", "Times that the origin confirmed what was cached.", store => store.Revalidations);

        Cache("zarrcache.cache.written", "{entry}", "Values, parts and absences written.", cache => cache.Written);
        Cache("zarrcache.cache.written_bytes", "By", "Their bytes.", cache => cache.WrittenBytes);
        Cache("zarrcache.cache.evicted", "{entry}", "Entries given up to make room.", cache => cache.Evicted);
        Cache("zarrcache.cache.evicted_bytes", "By", "The bytes that they took up.", cache => cache.EvictedBytes);
        Cache("zarrcache.cache.corrupt", "{entry}", "Entries dropped because their bytes were not what was stored.", cache => cache.Corrupt);
        Cache("zarrcache.cache.failures", "{operation}", "Look-ups, reads and writes that failed within the cache.", cache => cache.Failures + cache.WriteFailures);
        Cache("zarrcache.cache.declined", "{entry}", "Items that were not written: too large, no room, a full queue, or not worth what would have gone for them.", cache => cache.TooLarge + cache.QueueFull + cache.Refused + cache.NoRoom);

        Meter.CreateObservableGauge("zarrcache.cache.limit", () => ByCache(cache => cache.MaxSize), "By", "The most bytes that chunks may take up.");
        Meter.CreateObservableGauge("zarrcache.cache.bytes", () => ByCache(cache => cache.LastTotals.AllocatedBytes), "By", "The bytes that chunks take up.");
        Meter.CreateObservableGauge("zarrcache.cache.entries", () => ByCache(cache => cache.LastTotals.Count), "{entry}", "Values, parts and absences that are cached.");
    }

    /// <summary>The cached stores that are open.</summary>
    public static WeakSet<CachedStore> Stores { get; } = new();

    /// <summary>The caches that are open.</summary>
    public static WeakSet<IndexedCacheStorage> Caches { get; } = new();

    /// <summary>A span for a request to an origin; null if nobody traces.</summary>
    public static Activity? StartFetch(string storeId, Fetch fetch)
    {
        Activity? activity = Source.StartActivity("zarrcache.fetch", ActivityKind.Client);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("zarrcache.store", storeId);
            activity.SetTag("zarrcache.key", fetch.Key);
            activity.SetTag("zarrcache.range", fetch.Range.IsAll ? null : fetch.Range.ToString());
        }

        return activity;
    }

    /// <summary>An origin began to answer.</summary>
    public static void AddOriginAnswer(string storeId, TimeSpan latency)
    {
        if (Latency.Enabled)
        {
            Latency.Record(latency.TotalSeconds, StoreTag(storeId));
        }
    }

    private static void Store(string name, string unit, string description, Func<CachedStoreStatistics, long> value) =>
        Meter.CreateObservableCounter(
            name,
            () => ByStore().Select(store => new Measurement<long>(store.Sum(value), StoreTag(store.Key))),
            unit, description);

    private static void Cache(string name, string unit, string description, Func<CacheCounters, long> value) =>
        Meter.CreateObservableCounter(name, () => ByCache(cache => value(cache.Counters)), unit, description);

    private static IEnumerable<Measurement<long>> ObserveReads()
    {
        foreach (IGrouping<string, CachedStoreStatistics> store in ByStore())
        {
            yield return Result(store.Key, "hit", store.Sum(one => one.Hits));
            yield return Result(store.Key, "absent_hit", store.Sum(one => one.AbsentHits));
            yield return Result(store.Key, "miss", store.Sum(one => one.Misses));
        }

        static Measurement<long> Result(string storeId, string result, long count) => new(count, StoreTag(storeId), new("result", result));
    }

    private static IEnumerable<IGrouping<string, CachedStoreStatistics>> ByStore() =>
        Stores.ToList().GroupBy(store => store.StoreId, store => store.Statistics, StringComparer.Ordinal);

    private static IEnumerable<Measurement<long>> ByCache(Func<IndexedCacheStorage, long> value) =>
        Caches.ToList().GroupBy(cache => cache.Name, value, StringComparer.Ordinal)
            .Select(caches => caches.Key is { } name ? new Measurement<long>(caches.Sum(), new KeyValuePair<string, object?>("cache", name)) : new Measurement<long>(caches.Sum()));

    private static KeyValuePair<string, object?> StoreTag(string storeId) => new("store", storeId);
}
