namespace ZarrCache;

/// <summary>Asks a policy for priorities as every index must: what cannot be ordered is refused by the policy's name, before anything is changed.</summary>
public static class Priorities
{
    /// <summary>As <see cref="EvictionPolicy.OnPush"/>.</summary>
    /// <inheritdoc cref="OnMark" path="/exception"/>
    public static double OnPush(EvictionPolicy policy, IndexEntry entry, long clock)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return Checked(policy, policy.OnPush(entry, clock));
    }

    /// <summary>As <see cref="EvictionPolicy.OnMark"/>.</summary>
    /// <exception cref="ZarrCacheException">The policy gave what is no finite number.</exception>
    public static double OnMark(EvictionPolicy policy, IndexEntry entry, long clock)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return Checked(policy, policy.OnMark(entry, clock));
    }

    /// <summary>As <see cref="EvictionPolicy.OnPop"/>.</summary>
    /// <inheritdoc cref="OnMark" path="/exception"/>
    public static double? OnPop(EvictionPolicy policy, IndexEntry entry, long clock)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return policy.OnPop(entry, clock) is { } priority ? Checked(policy, priority) : null;
    }

    private static double Checked(EvictionPolicy policy, double priority) => double.IsFinite(priority)
        ? priority
        : throw new ZarrCacheException(FormattableString.Invariant($"The eviction policy '{policy.Name}' gave the priority {priority}; a priority is a finite number."));
}
