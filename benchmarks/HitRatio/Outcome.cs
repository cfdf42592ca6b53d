namespace ZarrCache.HitRatio;

/// <summary>What a replay came to.</summary>
/// <param name="Requests">Reads.</param>
/// <param name="Hits">Those that were answered from the cache.</param>
/// <param name="Bytes">The bytes that were read.</param>
/// <param name="HitBytes">Those from the cache.</param>
/// <param name="MissCost">The sum of the costs of all misses, in milliseconds.</param>
/// <param name="TotalCost">What the reads would have cost without a cache.</param>
public readonly record struct Outcome(long Requests, double Hits, double Bytes, double HitBytes, double MissCost, double TotalCost)
{
    public double ObjectHitRatio => Hits / Requests;

    public double ByteHitRatio => HitBytes / Bytes;
}
