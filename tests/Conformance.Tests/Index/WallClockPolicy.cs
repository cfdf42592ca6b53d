namespace ZarrCache.Conformance.Tests;

/// <summary>The defect of an index that orders by the wall clock: right for as long as nobody sets it.</summary>
internal sealed class WallClockPolicy(EvictionPolicy inner) : EvictionPolicy
{
    public override string Name => inner.Name;

    public override double OnPush(IndexEntry entry, long clock) => inner == Lru ? entry.LastAccess.UtcTicks : inner.OnPush(entry, clock);

    public override double OnMark(IndexEntry entry, long clock) => inner == Lru ? entry.LastAccess.UtcTicks : inner.OnMark(entry, clock);
}
