namespace ZarrCache;

/// <summary>Least recently used first. The default: good where what was read lately is read again, and nothing else is known.</summary>
public sealed class LruPolicy : EvictionPolicy
{
    /// <inheritdoc/>
    public override string Name => "lru";

    /// <inheritdoc/>
    public override double OnPush(IndexEntry entry, long clock) => clock;

    /// <inheritdoc/>
    public override double OnMark(IndexEntry entry, long clock) => clock;
}
