namespace ZarrCache;

/// <summary>
/// Least frequently used first, with aging (LFU-DA: Arlitt et al., "Evaluating content management techniques for Web proxy
/// caches", 2000): an entry is worth its frequency. For chunks that are alike in cost and size, of which some are read far more often.
/// </summary>
public sealed class LfuPolicy : GreedyDualPolicy
{
    /// <inheritdoc/>
    public override string Name => "lfu";

    /// <inheritdoc/>
    public override EvictionPolicy ForIndex() => new LfuPolicy();

    private protected override double Worth(IndexEntry entry, long frequency) => frequency;
}
