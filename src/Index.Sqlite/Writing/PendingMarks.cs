using System.Runtime.InteropServices;

namespace ZarrCache.Index.Sqlite;

/// <summary>The accesses of one entry that wait to be written, together.</summary>
/// <param name="Count">How many.</param>
/// <param name="LastAccess">When the last was, UTC ticks.</param>
/// <param name="Clock">The logical clock at the last.</param>
internal readonly record struct PendingMark(long Count, long LastAccess, long Clock)
{
    /// <summary>The entry as these accesses leave it.</summary>
    public IndexEntry ApplyTo(IndexEntry entry, EvictionPolicy policy)
    {
        IndexEntry marked = entry with { AccessCount = entry.AccessCount + Count, LastAccess = new DateTimeOffset(LastAccess, TimeSpan.Zero) };
        double priority = Priorities.OnMark(policy, marked, Clock);
        return priority.Equals(entry.Priority) ? marked : marked with { Priority = priority };
    }
}

/// <summary>
/// Accesses coalesced in memory, one record for each entry. Thread-safe: one lock guards the dictionary, held for a
/// look-up or a swap. Counts against a bound that its caller enforces.
/// </summary>
internal sealed class PendingMarks(LogicalClock clock)
{
    private readonly Lock _lock = new();
    private Dictionary<EntryKey, PendingMark> _marks = [];

    /// <summary>Adds an access. Returns how many entries wait now.</summary>
    public int Add(EntryKey key, DateTimeOffset at)
    {
        lock (_lock)
        {
            ref PendingMark mark = ref CollectionsMarshal.GetValueRefOrAddDefault(_marks, key, out _);
            mark = new PendingMark(mark.Count + 1, at.UtcTicks, clock.Next());
            return _marks.Count;
        }
    }

    /// <summary>Takes what waits for an entry that is replaced or removed: those were accesses of the old content.</summary>
    public bool TryTake(EntryKey key, out PendingMark mark)
    {
        mark = default;
        lock (_lock)
        {
            return _marks.Count > 0 && _marks.Remove(key, out mark);
        }
    }

    /// <summary>Takes everything, to be written.</summary>
    public Dictionary<EntryKey, PendingMark> Take()
    {
        lock (_lock)
        {
            Dictionary<EntryKey, PendingMark> taken = _marks;
            _marks = [];
            return taken;
        }
    }

    /// <summary>Puts back what could not be written.</summary>
    public void Return(Dictionary<EntryKey, PendingMark> taken)
    {
        lock (_lock)
        {
            Join(taken, _marks);
        }
    }

    /// <summary>Adds accesses to those in <paramref name="into"/>.</summary>
    public static void Join(Dictionary<EntryKey, PendingMark> some, Dictionary<EntryKey, PendingMark> into)
    {
        foreach ((EntryKey key, PendingMark old) in some)
        {
            ref PendingMark mark = ref CollectionsMarshal.GetValueRefOrAddDefault(into, key, out bool exists);
            PendingMark last = exists && mark.Clock > old.Clock ? mark : old;
            mark = last with { Count = mark.Count + old.Count };
        }
    }
}
