namespace ZarrCache.Server;

/// <summary>Counts the requests of a gateway. Thread-safe, without a lock.</summary>
internal sealed class RequestCounter(TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();
    private int _active;
    private long _total;
    private long _bytes;
    private long _failures;

    /// <summary>Requests under way.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>Requests so far, refused ones included.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>Bytes of objects sent so far.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Answers 5xx, and answers broken off.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Since the gateway was made.</summary>
    public TimeSpan Uptime => time.GetElapsedTime(_started);

    /// <summary>A request begins.</summary>
    /// <returns>How many are under way with it.</returns>
    public int Begin()
    {
        Interlocked.Increment(ref _total);
        return Interlocked.Increment(ref _active);
    }

    /// <summary>It ends.</summary>
    public void End() => Interlocked.Decrement(ref _active);

    public void AddBytes(long bytes) => Interlocked.Add(ref _bytes, bytes);

    public void AddFailure() => Interlocked.Increment(ref _failures);
}
