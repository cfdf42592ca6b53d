namespace ZarrCache;

/// <summary>How slow a <see cref="ThrottledStore"/> makes its store.</summary>
public sealed record ThrottledStoreOptions
{
    /// <summary>How long each request waits before it is carried out, each page of a listing not counted; zero by default. Requests wait side by side.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public TimeSpan Latency
    {
        get;
        init => field = value >= TimeSpan.Zero
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"{nameof(Latency)} is {value}; it must not be negative.");
    }

    /// <summary>What all requests together may carry, bytes per second in either direction; null, the default, is without limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public long? BytesPerSecond
    {
        get;
        init => field = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"{nameof(BytesPerSecond)} is {value}; it must be at least 1, or null for no limit.");
    }
}
