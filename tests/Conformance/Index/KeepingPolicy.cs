namespace ZarrCache.Conformance;

/// <summary>Second chance, first in first out otherwise, and a memory that counts: the least policy that uses all of the contract.</summary>
internal sealed class KeepingPolicy : EvictionPolicy
{
    private long _evicted;

    public override string Name => "keeping";

    public override bool AdmitsAll => false;

    public override long Changes => _evicted;

    /// <summary>How many entries were given up, as far as it remembers.</summary>
    public long Evicted => _evicted;

    public override EvictionPolicy ForIndex() => new KeepingPolicy();

    public override double OnPush(IndexEntry entry, long clock) => clock + (1_000_000.0 * _evicted);

    public override double OnMark(IndexEntry entry, long clock) => entry.Priority;

    public override double? OnPop(IndexEntry entry, long clock) => entry.Referenced ? entry.Priority + 1_000_000 : null;

    public override void OnEvict(IndexEntry entry, long clock) => _evicted++;

    /// <summary>What is larger than what would go for it is not worth it.</summary>
    public override bool Admits(IndexEntry candidate, IndexEntry victim, long clock) => candidate.Size <= victim.Size;

    public override byte[] SaveState() => BitConverter.GetBytes(_evicted);

    public override void LoadState(ReadOnlySpan<byte> state) => _evicted = state.Length == sizeof(long) ? BitConverter.ToInt64(state) : 0;
}
