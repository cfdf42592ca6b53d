using System.Text.Json.Serialization;

namespace ZarrCache.Server.Page;

/// <summary>What the page shows of the gateway; sizes in bytes, times in seconds, counts since the start.</summary>
internal sealed record StatusDocument(
    string Version,
    double Uptime,
    string Directory,
    string Index,
    string Policy,
    long MaxSize,
    TotalsDocument Totals,
    CacheCounters Counters,
    RequestsDocument Requests,
    IReadOnlyList<StoreDocument> Stores);

internal sealed record RequestsDocument(long Total, int Active, long Bytes, long Failures);

internal sealed record TotalsDocument(long Entries, long Absences, long Bytes, long AllocatedBytes)
{
    public static TotalsDocument Of(IndexTotals totals) => new(totals.Count, totals.AbsentCount, totals.Bytes, totals.AllocatedBytes);
}

/// <summary>A store: its quota (<c>Minimum</c> 0 for nothing, <c>Maximum</c> null for all), its counts, its origin.</summary>
internal sealed record StoreDocument(
    string Id,
    string Origin,
    bool Offline,
    TotalsDocument Totals,
    long Minimum,
    long? Maximum,
    long Hits,
    long AbsentHits,
    long StaleHits,
    long Misses,
    long HitBytes,
    long OriginRequests,
    long OriginFailures,
    long OriginBytes,
    long Revalidations,
    double MeanHitTime,
    LatencyDocument? Latency,
    FaultDocument? LastFault);

/// <summary>Of the latest requests to the origin.</summary>
internal sealed record LatencyDocument(int Requests, double P50, double P95, double Most);

internal sealed record FaultDocument(DateTimeOffset At, string Reason);

/// <summary>An array as the page chooses from.</summary>
internal sealed record ArrayDocument(
    string Path,
    string DataType,
    IReadOnlyList<long> Shape,
    IReadOnlyList<long> ChunkShape,
    IReadOnlyList<long> Grid,
    IReadOnlyList<string?>? Dimensions,
    bool IsSharded);

internal sealed record ArraysDocument(string Store, int ZarrFormat, bool IsComplete, IReadOnlyList<ArrayDocument> Arrays);

/// <summary>A chunk in detail; its state is <c>cached</c>, <c>part</c>, <c>absent</c> or <c>unknown</c>.</summary>
internal sealed record ChunkDocument(
    string Key, string State, long Size, long CachedBytes, long Reads, double? LoadDuration, DateTimeOffset? StoredAt, DateTimeOffset? LastRead, string? ETag);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StatusDocument))]
[JsonSerializable(typeof(ArraysDocument))]
[JsonSerializable(typeof(ChunkMap))]
[JsonSerializable(typeof(ChunkDocument))]
internal sealed partial class PageJson : JsonSerializerContext;
