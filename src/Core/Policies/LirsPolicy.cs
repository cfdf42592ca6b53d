using System.Buffers.Binary;

namespace ZarrCache;

/// <summary>
/// What was read twice at a short distance stays, what is read once passes through (after LIRS: Jiang and Zhang, "LIRS: an
/// efficient low inter-reference recency set replacement policy", 2002). A scan, or a loop that is longer than the cache, leaves the rest alone.
/// </summary>
/// <remarks>
/// <para>
/// A key is hot if its last read came after that of the coldest hot entry that was given up; else it is cold. Cold entries
/// go before all hot ones, first in first out; hot ones go least recently used first. As long as nothing had to go, all are hot. When a key was read last is
/// remembered after it was given up, for the last <see cref="KeyHistory.Capacity"/> keys.
/// </para>
/// <para>
/// LIRS keeps a stack of keys and prunes it; this keeps one number, the clock at which the coldest hot entry was read, and so
/// needs nothing that an index does not give: priorities, and a look at the next to go. An access changes no order; the
/// clock at which an entry was read last gives it its place when its turn comes.
/// </para>
/// </remarks>
public sealed class LirsPolicy : EvictionPolicy
{
    private const int StateVersion = 1;

    /// <summary>Below zero a priority is that of a cold entry: its clock, less this. Both are exact in a double.</summary>
    private const long Cold = 1L << 52;

    private readonly KeyHistory _lastReads = new();
    private long _floor;
    private long _changes;

    /// <inheritdoc/>
    public override string Name => "lirs";

    /// <inheritdoc/>
    public override long Changes => _changes;

    /// <inheritdoc/>
    public override EvictionPolicy ForIndex() => new LirsPolicy();

    /// <inheritdoc/>
    public override double OnPush(IndexEntry entry, long clock)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return _floor == 0 || _lastReads.Find(KeyHistory.HashOf(entry.EntryKey)) > _floor ? clock : clock - Cold;
    }

    /// <inheritdoc/>
    public override double OnMark(IndexEntry entry, long clock) => Unchanged(entry);

    /// <inheritdoc/>
    public override double? OnPop(IndexEntry entry, long clock)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (!entry.Referenced)
        {
            return null;
        }

        bool hot = entry.Priority >= 0 || entry.Priority + Cold > _floor;
        return hot ? entry.AccessClock : entry.AccessClock - Cold;
    }

    /// <inheritdoc/>
    public override void OnEvict(IndexEntry entry, long clock)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (entry.Priority >= 0)
        {
            _floor = Math.Max(_floor, entry.AccessClock);
        }

        _lastReads.Remember(KeyHistory.HashOf(entry.EntryKey), entry.AccessClock);
        _changes++;
    }

    /// <inheritdoc/>
    public override byte[] SaveState()
    {
        byte[] state = new byte[12 + _lastReads.SavedSize];
        BinaryPrimitives.WriteInt32LittleEndian(state, StateVersion);
        BinaryPrimitives.WriteInt64LittleEndian(state.AsSpan(4), _floor);
        _lastReads.Save(state.AsSpan(12));
        return state;
    }

    /// <inheritdoc/>
    public override void LoadState(ReadOnlySpan<byte> state)
    {
        _floor = 0;
        _lastReads.Clear();
        if (state.Length >= 12
            && BinaryPrimitives.ReadInt32LittleEndian(state) == StateVersion
            && BinaryPrimitives.ReadInt64LittleEndian(state[4..]) is >= 0 and long floor
            && _lastReads.TryLoad(state[12..]))
        {
            _floor = floor;
        }
    }
}
