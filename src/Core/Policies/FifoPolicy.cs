namespace ZarrCache;

/// <summary>First in, first out: reading does not help, and costs an index nothing.</summary>
public sealed class FifoPolicy : EvictionPolicy
{
    /// <inheritdoc/>
    public override string Name => "fifo";

    /// <inheritdoc/>
    public override double OnPush(IndexEntry entry, long clock) => clock;

    /// <inheritdoc/>
    public override double OnMark(IndexEntry entry, long clock) => Unchanged(entry);
}
