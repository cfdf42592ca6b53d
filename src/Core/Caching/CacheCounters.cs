namespace ZarrCache;

/// <summary>What an <see cref="IndexedCacheStorage"/> did since it was opened.</summary>
/// <param name="Written">Values, parts and absences written.</param>
/// <param name="WrittenBytes">Their bytes.</param>
/// <param name="WriteFailures">Items that could not be written or indexed.</param>
/// <param name="TooLarge">Items declined because they alone exceed MaxSize, or because their name is too long for a storage.</param>
/// <param name="QueueFull">Items declined because too many bytes were waiting.</param>
/// <param name="Evicted">Entries given up to make room.</param>
/// <param name="EvictedBytes">The bytes that they took up.</param>
/// <param name="Corrupt">Entries dropped because their bytes were not what was stored.</param>
/// <param name="Failures">Look-ups and reads that failed within the cache and were answered as a miss.</param>
/// <param name="Refused">Items that the policy or the admission filter did not think worth what would have gone for them.</param>
/// <param name="NoRoom">Items declined because all that could go for them is pinned, or guaranteed to other stores.</param>
public readonly record struct CacheCounters(
    long Written, long WrittenBytes, long WriteFailures, long TooLarge, long QueueFull, long Evicted, long EvictedBytes, long Corrupt, long Failures,
    long Refused = 0, long NoRoom = 0);

/// <summary>Counts what <see cref="CacheCounters"/> reports. Thread-safe, without a lock: a snapshot may show a count without its bytes.</summary>
internal sealed class CacheCounter
{
    private long _written;
    private long _writtenBytes;
    private long _writeFailures;
    private long _tooLarge;
    private long _queueFull;
    private long _evicted;
    private long _evictedBytes;
    private long _corrupt;
    private long _failures;
    private long _refused;
    private long _noRoom;

    public CacheCounters Snapshot() => new(
        Interlocked.Read(ref _written), Interlocked.Read(ref _writtenBytes), Interlocked.Read(ref _writeFailures),
        Interlocked.Read(ref _tooLarge), Interlocked.Read(ref _queueFull), Interlocked.Read(ref _evicted),
        Interlocked.Read(ref _evictedBytes), Interlocked.Read(ref _corrupt), Interlocked.Read(ref _failures),
        Interlocked.Read(ref _refused), Interlocked.Read(ref _noRoom));

    public void AddWritten(long bytes)
    {
        Interlocked.Increment(ref _written);
        Interlocked.Add(ref _writtenBytes, bytes);
    }

    public void AddEvicted(long bytes)
    {
        Interlocked.Increment(ref _evicted);
        Interlocked.Add(ref _evictedBytes, bytes);
    }

    public void AddWriteFailure() => Interlocked.Increment(ref _writeFailures);

    public void AddTooLarge() => Interlocked.Increment(ref _tooLarge);

    public void AddQueueFull() => Interlocked.Increment(ref _queueFull);

    public void AddCorrupt() => Interlocked.Increment(ref _corrupt);

    public void AddRefused() => Interlocked.Increment(ref _refused);

    public void AddNoRoom() => Interlocked.Increment(ref _noRoom);

    public void AddFailure() => Interlocked.Increment(ref _failures);
}
