using Microsoft.Extensions.Logging;

namespace ZarrCache;

/// <summary>How often and how long a remote store is asked; the stores' own options tell the units and the defaults.</summary>
internal sealed record AttemptOptions
{
    public required int MaxRetries { get; init; }

    public required TimeSpan RetryDelay { get; init; }

    public required TimeSpan MaxRetryDelay { get; init; }

    /// <summary>Of all attempts together, waits included.</summary>
    public required TimeSpan TotalTimeout { get; init; }

    /// <summary>How long a store that failed twice in a row is not asked at all; zero asks every time.</summary>
    public TimeSpan BreakDuration { get; init; }

    public required ILogger Logger { get; init; }

    public required TimeProvider TimeProvider { get; init; }
}
