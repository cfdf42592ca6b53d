namespace ZarrCache;

/// <summary>
/// Which entry is given up first. A policy turns what is known of an entry into one number, its priority; every index
/// keeps its entries in that order and offers the smallest to <see cref="OnPop"/>, which gives it up or keeps it with a
/// new one. The instance of an index (<see cref="ForIndex"/>) is called by one thread at a time; all else is thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// What a policy remembers beside the entries is small and bounded; an index keeps it across restarts by
/// <see cref="SaveState"/> and <see cref="LoadState"/>. Only <see cref="OnPush"/>, <see cref="OnEvict"/> and
/// <see cref="Admits"/> may change it: marks may be coalesced and come late.
/// </para>
/// <para>
/// Entries of equal priority are popped in the order in which they were pushed. Order is kept by the index's logical clock,
/// never by the wall clock, which may jump.
/// </para>
/// </remarks>
public abstract class EvictionPolicy
{
    /// <summary>The most entries that are kept in one pop, so that no pop takes long: after a long time of hits alone all entries have gained.</summary>
    public const int MaxKept = 4096;

    /// <summary>Least recently used first: <see cref="LruPolicy"/>.</summary>
    public static EvictionPolicy Lru { get; } = new LruPolicy();

    /// <summary>First in, first out: <see cref="FifoPolicy"/>.</summary>
    public static EvictionPolicy Fifo { get; } = new FifoPolicy();

    /// <summary>Last in, first out: <see cref="LifoPolicy"/>.</summary>
    public static EvictionPolicy Lifo { get; } = new LifoPolicy();

    /// <summary>Least frequently used first, with aging: <see cref="LfuPolicy"/>.</summary>
    public static EvictionPolicy Lfu { get; } = new LfuPolicy();

    /// <summary>What costs least to fetch again for the room that it takes up first: <see cref="GdsfPolicy"/>.</summary>
    public static EvictionPolicy Gdsf { get; } = new GdsfPolicy();

    /// <summary>What was not read twice at short distance first, so that scans pass by: <see cref="LirsPolicy"/>.</summary>
    public static EvictionPolicy Lirs { get; } = new LirsPolicy();

    /// <summary>The policies that have a name on the command line and in a manifest.</summary>
    public static IReadOnlyList<EvictionPolicy> All { get; } = [Lru, Fifo, Lifo, Lfu, Gdsf, Lirs];

    /// <summary>The name of the policy, lower case.</summary>
    public abstract string Name { get; }

    /// <summary>Whether <see cref="Admits"/> is always true, so that nobody need ask.</summary>
    public virtual bool AdmitsAll => true;

    /// <summary>Grows with each change of what <see cref="SaveState"/> gives; 0 for a policy that remembers nothing.</summary>
    public virtual long Changes => 0;

    /// <summary>The policy of that name, whatever its case.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists those there are.</exception>
    public static EvictionPolicy Parse(string name) =>
        All.FirstOrDefault(policy => policy.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"There is no eviction policy '{name}'; there is {string.Join(", ", All.Select(policy => policy.Name))}.", nameof(name));

    /// <summary>The instance that one index calls: its own, with no memory yet, for a policy that remembers; else this one.</summary>
    public virtual EvictionPolicy ForIndex() => this;

    /// <summary>The priority of an entry that is pushed.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="clock">The index's logical clock: larger than at any earlier push or mark.</param>
    public abstract double OnPush(IndexEntry entry, long clock);

    /// <summary>
    /// The priority of an entry that was accessed; its access count includes this access. The entry's own priority leaves
    /// it where it is, which costs an index next to nothing: it is <see cref="IndexEntry.Referenced"/> from then on, and
    /// can be given its due in <see cref="OnPop"/>.
    /// </summary>
    /// <inheritdoc cref="OnPush" path="/param"/>
    public abstract double OnMark(IndexEntry entry, long clock);

    /// <summary>
    /// Gives up the entry of the smallest priority, or keeps it: at most once in a pop, and at most <see cref="MaxKept"/>
    /// entries in one pop, which are given up all the same if their turn comes again.
    /// </summary>
    /// <inheritdoc cref="OnPush" path="/param"/>
    /// <returns>Null to give it up; else the priority to keep it with, which is no smaller than the one that it has.</returns>
    public virtual double? OnPop(IndexEntry entry, long clock) => null;

    /// <summary>Learns that an entry was given up, in the order of pops; not called for what is deleted or replaced.</summary>
    /// <inheritdoc cref="OnPush" path="/param"/>
    public virtual void OnEvict(IndexEntry entry, long clock)
    {
    }

    /// <summary>Whether <paramref name="candidate"/>, which is not cached, is worth more than <paramref name="victim"/>, which would be the first to go for it.</summary>
    public virtual bool Admits(IndexEntry candidate, IndexEntry victim, long clock) => true;

    /// <summary>What the policy remembers; empty if nothing. At most 4 MiB.</summary>
    public virtual byte[] SaveState() => [];

    /// <summary>Takes over what <see cref="SaveState"/> gave, also of an earlier version of the policy; what it cannot read it leaves, and begins with no memory. Empty: no memory.</summary>
    public virtual void LoadState(ReadOnlySpan<byte> state)
    {
    }

    /// <summary>What <see cref="OnMark"/> returns to leave an entry where it is.</summary>
    private protected static double Unchanged(IndexEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return entry.Priority;
    }
}
