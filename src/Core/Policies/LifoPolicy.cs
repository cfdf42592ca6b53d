namespace ZarrCache;

/// <summary>Last in, first out: what came first stays, and once the cache is full nothing more is taken in. For data that is read through again and again and is larger than the cache.</summary>
public sealed class LifoPolicy : EvictionPolicy
{
    /// <inheritdoc/>
    public override string Name => "lifo";

    /// <inheritdoc/>
    public override bool AdmitsAll => false;

    /// <inheritdoc/>
    public override double OnPush(IndexEntry entry, long clock) => -clock;

    /// <inheritdoc/>
    public override double OnMark(IndexEntry entry, long clock) => Unchanged(entry);

    /// <summary>Never: the last in would be the first out.</summary>
    public override bool Admits(IndexEntry candidate, IndexEntry victim, long clock) => false;
}
