namespace ZarrCache;

/// <summary>
/// Which entry is given up first. A policy turns what is known of an entry into one number, its priority; every index
/// keeps its entries in that order and pops the smallest. Stateless and thread-safe.
/// </summary>
public abstract class EvictionPolicy
{
    /// <summary>Least recently used first.</summary>
    public static EvictionPolicy Lru { get; } = new LruPolicy();

    /// <summary>First in, first out: reading does not help.</summary>
    public static EvictionPolicy Fifo { get; } = new FifoPolicy();

    /// <summary>Last in, first out: what came first stays. For scans that are longer than the cache.</summary>
    public static EvictionPolicy Lifo { get; } = new LifoPolicy();

    /// <summary>The policies that have a name on the command line and in a manifest.</summary>
    public static IReadOnlyList<EvictionPolicy> All { get; } = [Lru, Fifo, Lifo];

    /// <summary>The name of the policy, lower case.</summary>
    public abstract string Name { get; }

    /// <summary>The policy of that name, whatever its case.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists those there are.</exception>
    public static EvictionPolicy Parse(string name) =>
        All.FirstOrDefault(policy => policy.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no eviction policy '{name}'; there is {string.Join(", ", All.Select(policy => policy.Name))}.", nameof(name));

    /// <summary>The priority of an entry that is pushed.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="clock">The index's logical clock: larger than at any earlier push or mark.</param>
    public abstract double OnPush(IndexEntry entry, long clock);

    /// <summary>The priority of an entry that was accessed; its access count includes this access.</summary>
    /// <inheritdoc cref="OnPush" path="/param"/>
    public abstract double OnMark(IndexEntry entry, long clock);

    private sealed class LruPolicy : EvictionPolicy
    {
        public override string Name => "lru";

        public override double OnPush(IndexEntry entry, long clock) => clock;

        public override double OnMark(IndexEntry entry, long clock) => clock;
    }

    private sealed class FifoPolicy : EvictionPolicy
    {
        public override string Name => "fifo";

        public override double OnPush(IndexEntry entry, long clock) => clock;

        public override double OnMark(IndexEntry entry, long clock) => entry.Priority;
    }

    private sealed class LifoPolicy : EvictionPolicy
    {
        public override string Name => "lifo";

        public override double OnPush(IndexEntry entry, long clock) => -clock;

        public override double OnMark(IndexEntry entry, long clock) => entry.Priority;
    }
}
