namespace ZarrCache.Conformance;

/// <summary>First in, first out, but what its keys ask for: a priority that is no number, at push or at pop.</summary>
internal sealed class FailingPolicy : EvictionPolicy
{
    public override string Name => "failing";

    public override double OnPush(IndexEntry entry, long clock) =>
        entry.Key != "a" ? clock
        : entry.Size == 1 ? double.NaN
        : entry.Size == 2 ? double.PositiveInfinity
        : clock;

    public override double OnMark(IndexEntry entry, long clock) => entry.Priority;

    public override double? OnPop(IndexEntry entry, long clock) => entry.Key == "bad" ? double.NaN : null;
}
