namespace ZarrCache.Index.Sqlite;

/// <summary>Priorities that can be ordered: a policy that gives something else is named, before SQLite would take it for NULL.</summary>
internal static class Priorities
{
    /// <exception cref="ZarrCacheException">The policy gave what is not a number.</exception>
    public static double OnPush(EvictionPolicy policy, IndexEntry entry, long clock) => Checked(policy, policy.OnPush(entry, clock));

    /// <inheritdoc cref="OnPush"/>
    public static double OnMark(EvictionPolicy policy, IndexEntry entry, long clock) => Checked(policy, policy.OnMark(entry, clock));

    /// <inheritdoc cref="OnPush"/>
    public static double? OnPop(EvictionPolicy policy, IndexEntry entry, long clock) =>
        policy.OnPop(entry, clock) is { } priority ? Checked(policy, priority) : null;

    private static double Checked(EvictionPolicy policy, double priority) =>
        double.IsNaN(priority) ? throw new ZarrCacheException($"The eviction policy '{policy.Name}' gave a priority that is not a number.") : priority;
}
