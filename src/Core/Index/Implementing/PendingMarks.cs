using System.Runtime.InteropServices;

namespace ZarrCache;

/// <summary>The accesses of one entry that wait to be written, together.</summary>
/// <param name="Count">How many.</param>
/// <param name="LastAccess">When the last was, UTC ticks.</param>
/// <param name="Clock">The logical clock at the last.</param>
internal readonly record struct PendingMark(long Count, long LastAccess, long Clock)
{
    /// <summary>The entry as these accesses leave it.</summary>
    public IndexEntry ApplyTo(IndexEntry entry, EvictionPolicy policy)
    {
        IndexEntry marked = entry with { AccessCount = entry.AccessCount + Count, AccessClock = Clock, LastAccess = new DateTimeOffset(LastAccess, TimeSpan.Zero) };
        double priority = Priorities.OnMark(policy, marked, Clock);
        return marked with { Priority = priority, Referenced = priority.Equals(entry.Priority) };
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
    private readonly Stack<Dictionary<EntryKey, PendingMark>> _spare = new();

    /// <summary>How many entries wait.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _marks.Count;
            }
        }
    }

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

    /// <summary>Takes everything, to be written and then handed to <see cref="Recycle"/> or <see cref="Return"/>; null if nothing waits.</summary>
    public Dictionary<EntryKey, PendingMark>? Take()
    {
        lock (_lock)
        {
            if (_marks.Count == 0)
            {
                return null;
            }

            Dictionary<EntryKey, PendingMark> taken = _marks;
            _marks = _spare.TryPop(out Dictionary<EntryKey, PendingMark>? spare) ? spare : [];
            return taken;
        }
    }

    /// <summary>Gives back a dictionary whose accesses are written, to be filled again: a new one each time would be large garbage.</summary>
    public void Recycle(Dictionary<EntryKey, PendingMark> taken)
    {
        taken.Clear();
        lock (_lock)
        {
            _spare.Push(taken);
        }
    }

    /// <summary>Puts back what could not be written.</summary>
    public void Return(Dictionary<EntryKey, PendingMark> taken)
    {
        lock (_lock)
        {
            foreach ((EntryKey key, PendingMark old) in taken)
            {
                ref PendingMark mark = ref CollectionsMarshal.GetValueRefOrAddDefault(_marks, key, out bool exists);
                PendingMark last = exists && mark.Clock > old.Clock ? mark : old;
                mark = last with { Count = mark.Count + old.Count };
            }
        }

        Recycle(taken);
    }
}
