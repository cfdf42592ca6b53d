namespace ZarrCache.Conformance.Tests;

/// <summary>The defect of an index that evicts the smallest priority without asking its policy.</summary>
internal sealed class NeverKeeps(EvictionPolicy inner) : EvictionPolicy
{
    public override string Name => inner.Name;

    public override double OnPush(IndexEntry entry, long clock) => inner.OnPush(entry, clock);

    public override double OnMark(IndexEntry entry, long clock) => inner.OnMark(entry, clock);
}
