namespace ZarrCache;

/// <summary>How often something was done, with how many bytes, and how long it took.</summary>
/// <param name="Count">How often.</param>
/// <param name="Bytes">The bytes of all together.</param>
/// <param name="Time">The time of all together; more than has passed, if several were under way at once.</param>
public readonly record struct OperationTiming(long Count, long Bytes, TimeSpan Time)
{
    /// <summary>Bytes of one, on average; 0 if there was none.</summary>
    public double MeanSize => Count == 0 ? 0 : (double)Bytes / Count;

    /// <summary>The time of one, on average; zero if there was none.</summary>
    public TimeSpan MeanTime => Count == 0 ? TimeSpan.Zero : Time / Count;

    /// <summary>Bytes in a second of <see cref="Time"/>; 0 if it took no time that the clock could tell.</summary>
    public double BytesPerSecond => Time > TimeSpan.Zero ? Bytes / Time.TotalSeconds : 0;
}

/// <summary>Adds up an <see cref="OperationTiming"/>. Thread-safe, without a lock: a snapshot may show a count without its bytes or its time.</summary>
internal sealed class OperationTimer
{
    private long _count;
    private long _bytes;
    private long _ticks;

    public OperationTiming Snapshot() => new(Interlocked.Read(ref _count), Interlocked.Read(ref _bytes), TimeSpan.FromTicks(Interlocked.Read(ref _ticks)));

    public void Add(long bytes, TimeSpan time)
    {
        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Add(ref _ticks, time.Ticks);
    }
}
