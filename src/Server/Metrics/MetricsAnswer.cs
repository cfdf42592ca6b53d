using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace ZarrCache.Server.Metrics;

/// <summary>
/// Answers <c>/metrics</c> with the instruments of the meter ZarrCache and the gateway's own counts. What is observed is asked for
/// when it is scraped; only the histograms are kept meanwhile, one short lock for each request to an origin. Written here, since the
/// exporters that there are either export observed counters as gauges or are no release.
/// </summary>
internal sealed class MetricsAnswer : IDisposable
{
    private readonly Gateway _gateway;
    private readonly MeterListener _listener;

    /// <summary>Guards the histograms and the scrape that is under way.</summary>
    private readonly Lock _lock = new();

    private readonly Dictionary<Instrument, Dictionary<string, double[]>> _histograms = [];
    private readonly Dictionary<Instrument, List<(string Labels, double Value)>> _observed = [];
    private readonly List<Instrument> _instruments = [];

    public MetricsAnswer(Gateway gateway)
    {
        _gateway = gateway;
        _listener = new MeterListener { InstrumentPublished = Watch };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.Start();
    }

    public async Task SendAsync(HttpContext context)
    {
        byte[] text = Encoding.UTF8.GetBytes(Scrape());
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = text.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.BodyWriter.WriteAsync(text, context.RequestAborted);
        }
    }

    public void Dispose() => _listener.Dispose();

    private string Scrape()
    {
        var text = new PrometheusText();
        AddOwn(text, "zarrcache_gateway_requests_total", "counter", "Requests to the gateway, refused ones included.", _gateway.Requests.Total);
        AddOwn(text, "zarrcache_gateway_failures_total", "counter", "Answers 5xx because of an origin or the gateway itself, and answers broken off.", _gateway.Requests.Failures);
        AddOwn(text, "zarrcache_gateway_sent_bytes_total", "counter", "Bytes of objects sent.", _gateway.Requests.Bytes);
        AddOwn(text, "zarrcache_gateway_active_requests", "gauge", "Requests under way.", _gateway.Requests.Active);
        lock (_lock)
        {
            _observed.Clear();
            _listener.RecordObservableInstruments(); // calls Record on this thread
            foreach (Instrument instrument in _instruments)
            {
                Add(text, instrument);
            }
        }

        return text.ToString();
    }

    private static void AddOwn(PrometheusText text, string name, string type, string help, long value)
    {
        text.Begin(name, type, help);
        text.Add(name, "", value);
    }

    private void Add(PrometheusText text, Instrument instrument)
    {
        bool isCounter = instrument is ObservableCounter<long>;
        string name = PrometheusText.NameOf(instrument.Name, instrument.Unit, isCounter);
        if (instrument is Histogram<double> histogram)
        {
            text.Begin(name, "histogram", instrument.Description);
            foreach ((string labels, double[] counts) in _histograms.GetValueOrDefault(instrument) ?? [])
            {
                AddHistogram(text, name, labels, Bounds(histogram), counts);
            }

            return;
        }

        text.Begin(name, isCounter ? "counter" : "gauge", instrument.Description);
        foreach ((string labels, double value) in _observed.GetValueOrDefault(instrument) ?? [])
        {
            text.Add(name, labels, value);
        }
    }

    /// <param name="text">The answer.</param>
    /// <param name="name">The metric.</param>
    /// <param name="labels">Its labels.</param>
    /// <param name="bounds">The upper bounds of the buckets but for the last.</param>
    /// <param name="counts">The buckets, then the sum of the values.</param>
    private static void AddHistogram(PrometheusText text, string name, string labels, IReadOnlyList<double> bounds, double[] counts)
    {
        string separator = labels.Length == 0 ? "" : ",";
        double below = 0;
        for (int bucket = 0; bucket <= bounds.Count; bucket++)
        {
            below += counts[bucket];
            string bound = bucket == bounds.Count ? "+Inf" : bounds[bucket].ToString("R", CultureInfo.InvariantCulture);
            text.Add(name + "_bucket", $"{labels}{separator}le=\"{bound}\"", below);
        }

        text.Add(name + "_sum", labels, counts[^1]);
        text.Add(name + "_count", labels, below);
    }

    private void Watch(Instrument instrument, MeterListener listener)
    {
        if (instrument.Meter.Name == ZarrCacheDiagnostics.Name)
        {
            lock (_lock)
            {
                _instruments.Add(instrument);
            }

            listener.EnableMeasurementEvents(instrument);
        }
    }

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string labels = PrometheusText.Labels(tags);
        lock (_lock)
        {
            if (instrument is not Histogram<double> histogram)
            {
                GetOrAdd(_observed, instrument).Add((labels, value));
                return;
            }

            IReadOnlyList<double> bounds = Bounds(histogram);
            Dictionary<string, double[]> byLabels = GetOrAdd(_histograms, instrument);
            if (!byLabels.TryGetValue(labels, out double[]? counts))
            {
                byLabels.Add(labels, counts = new double[bounds.Count + 2]);
            }

            int bucket = 0;
            while (bucket < bounds.Count && value > bounds[bucket])
            {
                bucket++;
            }

            counts[bucket]++;
            counts[^1] += value;
        }
    }

    private static IReadOnlyList<double> Bounds(Histogram<double> histogram) => histogram.Advice?.HistogramBucketBoundaries ?? [];

    private static T GetOrAdd<T>(Dictionary<Instrument, T> all, Instrument instrument)
        where T : new()
    {
        if (!all.TryGetValue(instrument, out T? one))
        {
            all.Add(instrument, one = new T());
        }

        return one;
    }
}
