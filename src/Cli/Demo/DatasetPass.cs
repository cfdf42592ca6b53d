using System.Security.Cryptography;
using System.Text;

namespace ZarrCache.Cli.Demo;

/// <summary>One reading of the whole sample through a cache, every byte compared with the source.</summary>
internal static class DatasetPass
{
    public const string StoreId = "eraint";

    /// <summary>As an array library reads: a few chunks at once.</summary>
    private const int Concurrency = 4;

    /// <param name="name">What it shows.</param>
    /// <param name="cache">The cache.</param>
    /// <param name="origin">The URL of the sample.</param>
    /// <param name="source">The sample's own bytes.</param>
    /// <param name="done">Told after each key of how many are done, and how many there are; from any thread.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<PassResult> RunAsync(
        string name, CacheDirectory cache, string origin, Dictionary<string, byte[]> source, Action<int, int>? done, CancellationToken ct)
    {
        await using var http = new HttpZarrStore(new Uri(origin));
        await using CachedStore store = await cache.OpenStoreAsync(http, origin, StoreId, ct: ct);
        long started = TimeProvider.System.GetTimestamp();

        // Each pass in an order of its own: read front to back again and again, a dataset larger than the cache always finds
        // that what comes next has just gone. No chance is in it, so that every run of the demo shows the same.
        string[] keys = [.. (await WarmPlan.CreateAsync(store, new WarmScope(), ct)).Keys.OrderBy(key => Scatter(name + key))];
        int read = 0;
        int wrong = 0;
        await Parallel.ForEachAsync(keys, new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = ct }, async (key, token) =>
        {
            byte[]? bytes = await store.GetBytesAsync(key, ct: token);
            bool equal = source.TryGetValue(key, out byte[]? expected) ? expected.AsSpan().SequenceEqual(bytes) : bytes is null;
            if (!equal)
            {
                Interlocked.Increment(ref wrong);
            }

            done?.Invoke(Interlocked.Increment(ref read), keys.Length);
        });
        TimeSpan elapsed = TimeProvider.System.GetElapsedTime(started);

        await cache.Storage.FlushAsync(ct);
        CachedStoreStatistics statistics = store.Statistics;
        IndexTotals totals = await cache.Index.GetTotalsAsync(null, ct);
        return new PassResult(
            name, keys.Length, statistics.OriginRequests, statistics.Hits, statistics.Misses, statistics.AbsentHits,
            statistics.OriginBytes + statistics.HitBytes, statistics.OriginBytes, elapsed.TotalSeconds, totals.AllocatedBytes, cache.MaxSize, wrong);
    }

    private static ulong Scatter(string text) => BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

/// <summary>What one reading came to; a line of the demo's table.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="Keys">Keys read.</param>
/// <param name="OriginRequests">What the server was asked.</param>
/// <param name="Hits">Reads answered with cached bytes.</param>
/// <param name="Misses">Reads that waited for the origin.</param>
/// <param name="AbsentHits">Reads answered with a cached absence.</param>
/// <param name="Bytes">Bytes read.</param>
/// <param name="OriginBytes">Bytes that the origin gave.</param>
/// <param name="Seconds">From the first key to the last.</param>
/// <param name="AllocatedBytes">What the chunks take up on disk afterwards.</param>
/// <param name="MaxSize">What they may take up.</param>
/// <param name="Wrong">Keys whose bytes were not those of the source.</param>
internal sealed record PassResult(
    string Name,
    int Keys,
    long OriginRequests,
    long Hits,
    long Misses,
    long AbsentHits,
    long Bytes,
    long OriginBytes,
    double Seconds,
    long AllocatedBytes,
    long MaxSize,
    int Wrong);
