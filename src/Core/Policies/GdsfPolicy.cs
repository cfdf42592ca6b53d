namespace ZarrCache;

/// <summary>
/// Greedy-Dual-Size-Frequency (Cherkasova, "Improving WWW proxies performance with Greedy-Dual-Size-Frequency caching
/// policy", HP Laboratories 1998): an entry is worth its frequency × what a miss costs ÷ the room that it takes up, where the
/// cost is the load duration that was measured. For origins of unlike speed and chunks of unlike size in one budget.
/// </summary>
public sealed class GdsfPolicy : GreedyDualPolicy
{
    /// <summary>A miss costs at least so many milliseconds, and at most an hour: one wrong measurement must not rule the cache.</summary>
    private const double MinimumCost = 0.1;
    private const double MaximumCost = 3_600_000;

    /// <summary>An entry takes up at least so many bytes: its row is not free either.</summary>
    private const double MinimumSize = 512;

    /// <inheritdoc/>
    public override string Name => "gdsf";

    /// <inheritdoc/>
    public override EvictionPolicy ForIndex() => new GdsfPolicy();

    private protected override double Worth(IndexEntry entry, long frequency) =>
        frequency * Math.Clamp(entry.LoadDuration.TotalMilliseconds, MinimumCost, MaximumCost) / Math.Max(entry.AllocatedSize, MinimumSize);
}
