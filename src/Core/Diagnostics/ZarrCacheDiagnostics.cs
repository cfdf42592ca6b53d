namespace ZarrCache;

/// <summary>What observers subscribe to: <c>AddMeter(ZarrCacheDiagnostics.Name)</c> and <c>AddSource(ZarrCacheDiagnostics.Name)</c> of OpenTelemetry.</summary>
public static class ZarrCacheDiagnostics
{
    /// <summary>The name of the <see cref="System.Diagnostics.Metrics.Meter"/> and of the <see cref="System.Diagnostics.ActivitySource"/>.</summary>
    public const string Name = "ZarrCache";

    /// <summary>The histogram of how long origins take until they begin to answer, in seconds, by <c>store</c>.</summary>
    public const string OriginLatency = "zarrcache.origin.latency";
}
