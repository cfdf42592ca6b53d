using Microsoft.AspNetCore.Http;
using Prometheus;

namespace ZarrCache.Server.Metrics;

/// <summary>
/// Answers <c>/metrics</c> with the instruments of the meter ZarrCache in the Prometheus format, and with the gateway's own
/// counts. A registry of its own, so that it neither shows nor disturbs what else the application exports.
/// </summary>
internal sealed class MetricsAnswer : IDisposable
{
    private readonly CollectorRegistry _registry = Prometheus.Metrics.NewCustomRegistry();
    private readonly IDisposable _listener;

    public MetricsAnswer(Gateway gateway)
    {
        _listener = MeterAdapter.StartListening(new MeterAdapterOptions
        {
            Registry = _registry,
            MetricFactory = Prometheus.Metrics.WithCustomRegistry(_registry),
            InstrumentFilterPredicate = instrument => instrument.Meter.Name == ZarrCacheDiagnostics.Name,
            ResolveHistogramBuckets = instrument =>
                instrument is System.Diagnostics.Metrics.Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } ? [.. bounds] : Histogram.ExponentialBuckets(0.001, 2, 16),
        });
        MetricFactory factory = Prometheus.Metrics.WithCustomRegistry(_registry);
        Counter requests = factory.CreateCounter("zarrcache_gateway_requests_total", "Requests to the gateway, refused ones included.");
        Counter failures = factory.CreateCounter("zarrcache_gateway_failures_total", "Answers 5xx because of an origin or the gateway itself, and answers broken off.");
        Counter bytes = factory.CreateCounter("zarrcache_gateway_sent_bytes_total", "Bytes of objects sent.");
        Gauge active = factory.CreateGauge("zarrcache_gateway_active_requests", "Requests under way.");
        _registry.AddBeforeCollectCallback(() =>
        {
            requests.IncTo(gateway.Requests.Total);
            failures.IncTo(gateway.Requests.Failures);
            bytes.IncTo(gateway.Requests.Bytes);
            active.Set(gateway.Requests.Active);
        });
    }

    public async Task SendAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await _registry.CollectAndExportAsTextAsync(context.Response.Body, context.RequestAborted);
        }
    }

    public void Dispose() => _listener.Dispose();
}
