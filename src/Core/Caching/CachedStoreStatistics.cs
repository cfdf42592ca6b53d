namespace ZarrCache;

/// <summary>What a <see cref="CachedStore"/> did since it was made.</summary>
/// <param name="Hits">Reads answered with cached bytes.</param>
/// <param name="AbsentHits">Reads answered with a cached absence.</param>
/// <param name="Misses">Reads that waited for the origin's bytes, or for its word that there are none.</param>
/// <param name="Revalidations">Times that the origin confirmed what was cached.</param>
/// <param name="OriginRequests">Requests to the origin.</param>
/// <param name="OriginBytes">Bytes that the origin gave.</param>
/// <param name="HitBytes">Bytes that the cache gave.</param>
/// <param name="MeanHitTime">From the call to the last byte, of reads with cached bytes.</param>
/// <param name="MeanMissTime">From the call to the last byte, of misses that had any.</param>
/// <param name="StaleHits">Reads answered with what was past its time, because the origin could not be asked; they are hits too.</param>
/// <param name="OriginFailures">Requests that the origin did not answer, or answered with what is no answer.</param>
/// <param name="MeanOriginLatency">From a request to the origin to the first it says, of those that it answered.</param>
public readonly record struct CachedStoreStatistics(
    long Hits, long AbsentHits, long Misses, long Revalidations, long OriginRequests, long OriginBytes, long HitBytes, TimeSpan MeanHitTime, TimeSpan MeanMissTime,
    long StaleHits = 0, long OriginFailures = 0, TimeSpan MeanOriginLatency = default);

/// <summary>Counts what <see cref="CachedStoreStatistics"/> reports. Thread-safe, without a lock.</summary>
internal sealed class CachedStoreCounter(TimeProvider time)
{
    private long _hits;
    private long _absentHits;
    private long _misses;
    private long _revalidations;
    private long _staleHits;
    private long _originRequests;
    private long _originBytes;
    private long _hitBytes;
    private long _timedHits;
    private long _hitTicks;
    private long _timedMisses;
    private long _missTicks;
    private long _originFailures;
    private long _answers;
    private long _answerTicks;

    public CachedStoreStatistics Snapshot() => new(
        Interlocked.Read(ref _hits), Interlocked.Read(ref _absentHits), Interlocked.Read(ref _misses), Interlocked.Read(ref _revalidations),
        Interlocked.Read(ref _originRequests), Interlocked.Read(ref _originBytes), Interlocked.Read(ref _hitBytes),
        Mean(ref _hitTicks, ref _timedHits), Mean(ref _missTicks, ref _timedMisses),
        Interlocked.Read(ref _staleHits), Interlocked.Read(ref _originFailures), Mean(ref _answerTicks, ref _answers));

    public void AddHit() => Interlocked.Increment(ref _hits);

    public void AddAbsentHit() => Interlocked.Increment(ref _absentHits);

    public void AddMiss() => Interlocked.Increment(ref _misses);

    public void AddStaleHit() => Interlocked.Increment(ref _staleHits);

    public void AddRevalidation() => Interlocked.Increment(ref _revalidations);

    public void AddOriginRequest() => Interlocked.Increment(ref _originRequests);

    public void AddOriginBytes(long bytes) => Interlocked.Add(ref _originBytes, bytes);

    public void AddOriginFailure() => Interlocked.Increment(ref _originFailures);

    /// <summary>The origin began to answer.</summary>
    public void AddOriginAnswer(TimeSpan latency)
    {
        Interlocked.Increment(ref _answers);
        Interlocked.Add(ref _answerTicks, (long)(latency.TotalSeconds * time.TimestampFrequency));
    }

    /// <summary>The last byte of a read was taken.</summary>
    public void AddRead(bool missed, long bytes, long startTimestamp)
    {
        long ticks = time.GetTimestamp() - startTimestamp;
        if (missed)
        {
            Interlocked.Increment(ref _timedMisses);
            Interlocked.Add(ref _missTicks, ticks);
        }
        else
        {
            Interlocked.Add(ref _hitBytes, bytes);
            Interlocked.Increment(ref _timedHits);
            Interlocked.Add(ref _hitTicks, ticks);
        }
    }

    private TimeSpan Mean(ref long ticks, ref long count) =>
        Interlocked.Read(ref count) is > 0 and var n ? time.GetElapsedTime(0, Interlocked.Read(ref ticks) / n) : TimeSpan.Zero;
}
