using System.Buffers.Binary;

namespace ZarrCache;

/// <summary>
/// The family of Greedy-Dual: priority is what an entry is worth, on top of an inflation that rises to the priority of
/// whatever was given up last, so that what was worth much once and is not read any more goes in the end (Young, "The
/// k-server dual and loose competitiveness for paging", 1994; Cao and Irani, "Cost-aware WWW proxy caching algorithms", 1997).
/// </summary>
/// <remarks>
/// <para>
/// An access leaves the entry where it is, which costs an index next to nothing. When it is the next to go, it is given its
/// due, its worth on top of the inflation at the time of its last access, and goes on. What goes in the end is what would go if
/// each access had changed the order, because no entry stands behind its due.
/// </para>
/// <para>
/// How often a key was read is remembered after it was given up or refused, for the last <see cref="KeyHistory.Capacity"/>
/// keys. A candidate that would be the next to go is refused; the cache ages as if what it had to go for had gone.
/// </para>
/// <para>
/// The inflation is a double: worths of less than 2^-53 of it count as nothing, and what is equal goes in the order in which
/// it came. So in the end, after years, the order becomes that of coming; it is never wrong.
/// </para>
/// </remarks>
public abstract class GreedyDualPolicy : EvictionPolicy
{
    private const int StateVersion = 1;
    private const int HeaderSize = sizeof(int) + sizeof(double);
    private const long MaxFrequency = 1 << 16;

    private readonly KeyHistory _frequencies = new();
    private readonly Inflation _inflation = new();
    private long _changes;

    private protected GreedyDualPolicy()
    {
    }

    /// <inheritdoc/>
    public override bool AdmitsAll => false;

    /// <inheritdoc/>
    public override long Changes => _changes;

    /// <inheritdoc/>
    public override double OnPush(IndexEntry entry, long clock)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return _inflation.Now + Worth(entry, Frequency(entry));
    }

    /// <inheritdoc/>
    public override double OnMark(IndexEntry entry, long clock) => Unchanged(entry);

    /// <inheritdoc/>
    public override double? OnPop(IndexEntry entry, long clock)
    {
        ArgumentNullException.ThrowIfNull(entry);
        double due = entry.Referenced ? _inflation.At(entry.AccessClock) + Worth(entry, Frequency(entry)) : 0;
        return due > entry.Priority ? due : null;
    }

    /// <inheritdoc/>
    public override void OnEvict(IndexEntry entry, long clock)
    {
        ArgumentNullException.ThrowIfNull(entry);
        Leave(entry, entry.Priority, clock);
    }

    /// <inheritdoc/>
    public override bool Admits(IndexEntry candidate, IndexEntry victim, long clock)
    {
        ArgumentNullException.ThrowIfNull(victim);
        double priority = OnPush(candidate, clock);
        if (priority >= victim.Priority)
        {
            return true;
        }

        Leave(candidate, victim.Priority, clock);
        return false;
    }

    /// <inheritdoc/>
    public override byte[] SaveState()
    {
        byte[] state = new byte[HeaderSize + _frequencies.SavedSize];
        BinaryPrimitives.WriteInt32LittleEndian(state, StateVersion);
        BinaryPrimitives.WriteDoubleLittleEndian(state.AsSpan(sizeof(int)), _inflation.Now);
        _frequencies.Save(state.AsSpan(HeaderSize));
        return state;
    }

    /// <inheritdoc/>
    public override void LoadState(ReadOnlySpan<byte> state)
    {
        _inflation.Reset(0);
        _frequencies.Clear();
        if (state.Length >= HeaderSize
            && BinaryPrimitives.ReadInt32LittleEndian(state) == StateVersion
            && BinaryPrimitives.ReadDoubleLittleEndian(state[sizeof(int)..]) is >= 0 and < double.PositiveInfinity and var inflation
            && _frequencies.TryLoad(state[HeaderSize..]))
        {
            _inflation.Reset(inflation);
        }
    }

    /// <summary>What an entry is worth that was read so often: finite, and 0 or more, whatever the entry says.</summary>
    private protected abstract double Worth(IndexEntry entry, long frequency);

    /// <summary>How often the key was asked for, as far as that is remembered: now, while it was cached, and before.</summary>
    private long Frequency(IndexEntry entry) =>
        Math.Clamp(1 + Math.Max(0, entry.AccessCount) + _frequencies.Find(KeyHistory.HashOf(entry.EntryKey)), 1, MaxFrequency);

    private void Leave(IndexEntry entry, double priority, long clock)
    {
        _inflation.RiseTo(priority, clock);
        _frequencies.Remember(KeyHistory.HashOf(entry.EntryKey), Frequency(entry));
        _changes++;
    }
}
