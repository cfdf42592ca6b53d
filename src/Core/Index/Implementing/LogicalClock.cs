namespace ZarrCache;

/// <summary>
/// The clock that policies order by. Each process counts on from the largest value that it knows of: a transaction
/// takes over what the database holds when it begins and leaves its own when it ends. So it is exact among the pushes
/// of all processes and the marks of one; the marks of another may lie back by as long as they wait to be flushed.
/// Thread-safe.
/// </summary>
internal sealed class LogicalClock
{
    private long _value;

    public long Value => Interlocked.Read(ref _value);

    public long Next() => Interlocked.Increment(ref _value);

    public void AdvanceTo(long value)
    {
        for (long seen = Value; seen < value;)
        {
            long before = Interlocked.CompareExchange(ref _value, value, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }
}
