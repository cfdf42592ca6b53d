using System.Buffers.Binary;

namespace ZarrCache;

/// <summary>
/// What was read twice at a short distance stays, what is read once passes through (after LIRS: Jiang and Zhang, "LIRS: an
/// efficient low inter-reference recency set replacement policy", 2002). A scan, or a loop that is longer than the cache, leaves the rest alone.
/// </summary>
/// <remarks>
/// <para>
/// Cold entries go before all hot ones, first in first out; hot ones go least recently used first. A key is hot if its last
/// read came after that of the coldest hot entry that was given up: in a cache of hot entries alone it would still be there.
/// As long as nothing had to go, all are hot. When a key was read last is remembered after it was given up, for the last
/// <see cref="KeyHistory.Capacity"/> keys.
/// </para>
/// <para>
/// Of keys that nothing is known of a share is taken for hot, which is learnt: it grows with each miss of a key that was given
/// up cold and wanted again soon, and shrinks with each hot entry that goes and was never read. So work that moves on, a
/// window over time or space, is served nearly as by <see cref="LruPolicy"/>.
/// </para>
/// <para>
/// LIRS keeps a stack of keys and prunes it; this keeps one number, the clock of the coldest hot entry, and so needs nothing that
/// an index does not give: priorities, and a look at the next to go. An access changes no order; the clock at which an entry
/// was read last gives it its place when its turn comes.
/// </para>
/// </remarks>
public sealed class LirsPolicy : EvictionPolicy
{
    private const int StateVersion = 1;
    private const int HeaderSize = 28;

    /// <summary>How fast newcomers are trusted more, or less: by one in 128 of them each time.</summary>
    private const double TrustStep = 1.0 / 128;

    /// <summary>Below zero a priority is that of a cold entry: its clock, less this. Both are exact in a double.</summary>
    private const long Cold = 1L << 52;

    private readonly KeyHistory _lastReads = new();

    /// <summary>The clock at which the coldest hot entry that was given up had been read last; 0 while nothing had to go.</summary>
    private long _floor;

    // the share of newcomers that are taken for hot, and how much of the next one is due
    private double _trust;
    private double _due;
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
        return IsHot(entry) ? clock : clock - Cold;
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
            if (entry.AccessCount == 0)
            {
                _trust = Math.Max(0, _trust - TrustStep);
            }
        }

        _lastReads.Remember(KeyHistory.HashOf(entry.EntryKey), entry.AccessClock);
        _changes++;
    }

    /// <inheritdoc/>
    public override byte[] SaveState()
    {
        byte[] state = new byte[HeaderSize + _lastReads.SavedSize];
        BinaryPrimitives.WriteInt32LittleEndian(state, StateVersion);
        BinaryPrimitives.WriteInt64LittleEndian(state.AsSpan(4), _floor);
        BinaryPrimitives.WriteDoubleLittleEndian(state.AsSpan(12), _trust);
        BinaryPrimitives.WriteDoubleLittleEndian(state.AsSpan(20), _due);
        _lastReads.Save(state.AsSpan(HeaderSize));
        return state;
    }

    /// <inheritdoc/>
    public override void LoadState(ReadOnlySpan<byte> state)
    {
        (_floor, _trust, _due) = (0, 0, 0);
        _lastReads.Clear();
        if (state.Length >= HeaderSize
            && BinaryPrimitives.ReadInt32LittleEndian(state) == StateVersion
            && BinaryPrimitives.ReadInt64LittleEndian(state[4..]) is >= 0 and var floor
            && BinaryPrimitives.ReadDoubleLittleEndian(state[12..]) is >= 0 and <= 1 and var trust
            && BinaryPrimitives.ReadDoubleLittleEndian(state[20..]) is >= 0 and < 1 and var due
            && _lastReads.TryLoad(state[HeaderSize..]))
        {
            (_floor, _trust, _due) = (floor, trust, due);
        }
    }

    private bool IsHot(IndexEntry entry)
    {
        if (_floor == 0)
        {
            return true;
        }

        _changes++;
        if (_lastReads.Find(KeyHistory.HashOf(entry.EntryKey)) > _floor)
        {
            _trust = Math.Min(1, _trust + TrustStep);
            return true;
        }

        _due += _trust;
        bool isDue = _due >= 1;
        _due -= isDue ? 1 : 0;
        return isDue;
    }
}
