namespace ZarrCache.Reliability;

/// <summary>A clock that is wrong by whole years; it ticks as the system's does.</summary>
internal sealed class ShiftedTimeProvider(int years) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddYears(years);
}
