namespace ZarrCache;

/// <summary>What a check has seen up to now. The counts are added to by <see cref="Interlocked"/>; all else is thread-safe.</summary>
internal sealed class CacheCheckSums
{
    public long Files;
    public long Rows;
    public long Orphans;
    public long OrphanBytes;
    public long Young;
    public long Dangling;
    public long Corrupt;
    public long Unreadable;
    public long Adopted;
    private long _temporaryBytes;
    private long _oldestYoung = long.MaxValue; // UTC ticks

    public CacheCheckReport Report => new(Files, Rows, Orphans, OrphanBytes, Young, Dangling, Corrupt, Unreadable, Adopted, _temporaryBytes, _oldestYoung == long.MaxValue ? null : new DateTimeOffset(_oldestYoung, TimeSpan.Zero));

    public void AddTemporaries(RemovedTemporaries removed)
    {
        Interlocked.Add(ref _temporaryBytes, removed.Bytes);
        if (removed.OldestLeft is { } left)
        {
            SeeYoung(left);
        }
    }

    /// <summary>Something was written too shortly before to be judged.</summary>
    public void SeeYoung(DateTimeOffset writtenAt)
    {
        long ticks = writtenAt.UtcTicks;
        for (long oldest = Volatile.Read(ref _oldestYoung); ticks < oldest;)
        {
            oldest = Interlocked.CompareExchange(ref _oldestYoung, ticks, oldest);
        }
    }
}
