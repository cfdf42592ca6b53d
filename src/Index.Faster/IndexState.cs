namespace ZarrCache.Index.Faster;

/// <summary>What an index knows beside its records: policy, clock, stores and pins. Thread-safe.</summary>
internal sealed class IndexState
{
    // Guards the policy, which takes one caller at a time. Nothing else is locked beneath it.
    private readonly Lock _policyLock = new();

    // Guards changes of the pins; who only reads takes the set that is there, which is never changed.
    private readonly Lock _pinLock = new();
    private volatile PinSet _pins = new();
    private volatile bool _hasPins;

    /// <summary>Whether a push is given the clock for a priority: then nothing need be asked.</summary>
    private readonly bool _ranksByClock;

    private byte[] _policyState = [];
    private long _savedChanges = -1;

    public IndexState(EvictionPolicy policy)
    {
        Policy = policy.ForIndex();
        MarkOperation = policy switch
        {
            LruPolicy => RecordOperation.MarkToClock,
            FifoPolicy or LifoPolicy or GreedyDualPolicy or LirsPolicy => RecordOperation.MarkInPlace,
            _ => null,
        };
        _ranksByClock = policy is LruPolicy or FifoPolicy;
        EvictionPolicy probe = policy.ForIndex();
        var entry = new IndexEntry { StoreId = "s", Key = "k" };
        NewestFirst = policy is not (GreedyDualPolicy or LirsPolicy) && probe.OnPush(entry, 2) < probe.OnPush(entry, 1);
    }

    public EvictionPolicy Policy { get; }

    /// <summary>What a mark does under a policy that is known to do the same to every entry; null if it must be asked about each.</summary>
    public RecordOperation? MarkOperation { get; }

    /// <summary>Whether later pushes are popped first, so that victims lie at the end of the log and not at its beginning.</summary>
    public bool NewestFirst { get; }

    public LogicalClock Clock { get; } = new();

    public StoreTable Stores { get; } = new();

    /// <summary>The pins: not to be changed.</summary>
    public PinSet Pins => _pins;

    /// <summary>Whether there is one.</summary>
    public bool HasPins => _hasPins;

    /// <summary>The clock and the priority of an entry that is pushed.</summary>
    public (long Clock, double Priority) Rank(IndexEntry entry)
    {
        if (_ranksByClock)
        {
            long now = Clock.Next();
            return (now, now);
        }

        lock (_policyLock)
        {
            long clock = Clock.Next();
            IndexEntry pushed = entry with { AccessClock = clock, Referenced = false, Retention = _pins.RetentionOf(entry.StoreId, entry.Key), Priority = 0 };
            return (clock, Priorities.OnPush(Policy, pushed, clock));
        }
    }

    /// <summary>The priority of an entry that was marked.</summary>
    public double OnMark(IndexEntry entry, long clock)
    {
        lock (_policyLock)
        {
            return Priorities.OnMark(Policy, entry, clock);
        }
    }

    /// <summary>As <see cref="EvictionPolicy.OnPop"/>.</summary>
    public double? OnPop(IndexEntry entry)
    {
        lock (_policyLock)
        {
            return Priorities.OnPop(Policy, entry, Clock.Value);
        }
    }

    /// <summary>As <see cref="EvictionPolicy.OnEvict"/>.</summary>
    public void OnEvict(IndexEntry entry)
    {
        lock (_policyLock)
        {
            Policy.OnEvict(entry, Clock.Value);
        }
    }

    /// <summary>As <see cref="EvictionPolicy.Admits"/>.</summary>
    public bool Admits(IndexEntry candidate, IndexEntry victim)
    {
        lock (_policyLock)
        {
            return Policy.Admits(candidate, victim, Clock.Value);
        }
    }

    /// <summary>Adds a pin, or takes one away; false if it was there already, or was not.</summary>
    public bool SetPin(Pin pin, bool pinned)
    {
        lock (_pinLock)
        {
            PinSet changed = Copy(_pins.ToList());
            bool done = pinned ? changed.Add(pin) : changed.Remove(pin);
            (_pins, _hasPins) = (changed, changed.ToList().Count > 0);
            return done;
        }
    }

    /// <summary>Takes over what a checkpoint holds; the state of another policy is left.</summary>
    public void Load(Checkpoint checkpoint)
    {
        Clock.AdvanceTo(checkpoint.Clock);
        foreach ((string id, _) in checkpoint.Stores)
        {
            Stores.Get(id);
        }

        (_pins, _hasPins) = (Copy(checkpoint.Pins), checkpoint.Pins.Count > 0);
        if (checkpoint.Policy == Policy.Name)
        {
            Policy.LoadState(checkpoint.PolicyState);
        }
    }

    /// <summary>What the policy remembers.</summary>
    public byte[] SavePolicy()
    {
        lock (_policyLock)
        {
            if (_savedChanges != Policy.Changes)
            {
                (_savedChanges, _policyState) = (Policy.Changes, Policy.SaveState());
            }

            return _policyState;
        }
    }

    private static PinSet Copy(IEnumerable<Pin> pins)
    {
        var copy = new PinSet();
        foreach (Pin pin in pins)
        {
            copy.Add(pin);
        }

        return copy;
    }
}
