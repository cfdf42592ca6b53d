using ZarrCache.Metadata;
using ZarrCache.Samples;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Cli.Demo;

/// <summary>One reading of the sharded sample through a cache by ranges, as readers of Zarr v3 do; the sums of its arrays are compared with those of the source.</summary>
internal static class ShardedPass
{
    public const string StoreId = "eraint-sharded";

    /// <summary>The sums of the sample as it lies beside the tool.</summary>
    public static async Task<Dictionary<string, long?>> SumSourceAsync(CancellationToken ct)
    {
        await using var source = new FileSystemStore(DemoSample.ShardedRoot, new FileSystemStoreOptions { ReadOnly = true });
        return await SumAsync(source, ct);
    }

    /// <summary>The sums of all arrays of a store; null for those that are not decoded.</summary>
    private static async Task<Dictionary<string, long?>> SumAsync(IZarrStore store, CancellationToken ct)
    {
        Dictionary<string, long?> sums = [];
        foreach (ZarrArray array in (await ZarrHierarchy.OpenAsync(store, ct)).Arrays)
        {
            sums[array.Path] = (await ShardReader.ReadAsync(store, array, ct)).Sum;
        }

        return sums;
    }

    /// <param name="cache">The cache.</param>
    /// <param name="origin">The URL of the sharded sample.</param>
    /// <param name="expected">The sums of the source.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<PassResult> RunAsync(CacheDirectory cache, string origin, Dictionary<string, long?> expected, CancellationToken ct)
    {
        await using var http = new HttpZarrStore(new Uri(origin));
        await using CachedStore store = await cache.OpenStoreAsync(http, origin, StoreId, ct: ct);
        long started = TimeProvider.System.GetTimestamp();
        Dictionary<string, long?> sums = await SumAsync(store, ct);
        TimeSpan elapsed = TimeProvider.System.GetElapsedTime(started);
        await cache.Storage.FlushAsync(ct);
        CachedStoreStatistics statistics = store.Statistics;
        IndexTotals totals = await cache.Index.GetTotalsAsync(null, ct);
        return new PassResult(
            "", sums.Count, statistics.OriginRequests, statistics.Hits, statistics.Misses, statistics.AbsentHits,
            statistics.OriginBytes + statistics.HitBytes, statistics.OriginBytes, elapsed.TotalSeconds, totals.AllocatedBytes, cache.MaxSize,
            expected.Count(array => sums.GetValueOrDefault(array.Key) != array.Value));
    }
}
