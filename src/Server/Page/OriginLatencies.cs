using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace ZarrCache.Server.Page;

/// <summary>The latest latencies of each origin, as the meter records them. Thread-safe.</summary>
internal sealed class OriginLatencies : IDisposable
{
    private readonly ConcurrentDictionary<string, LatencyWindow> _byStore = new(StringComparer.Ordinal);
    private readonly MeterListener _listener;

    public OriginLatencies()
    {
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == ZarrCacheDiagnostics.Name && instrument.Name == ZarrCacheDiagnostics.OriginLatency)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        _listener.SetMeasurementEventCallback<double>((_, seconds, tags, _) =>
        {
            foreach (KeyValuePair<string, object?> tag in tags)
            {
                if (tag is { Key: "store", Value: string storeId })
                {
                    _byStore.GetOrAdd(storeId, _ => new LatencyWindow()).Add(seconds);
                }
            }
        });
        _listener.Start();
    }

    /// <summary>Those of one store, in the order of their size, seconds; the latest 256 at most.</summary>
    public double[] Sorted(string storeId) => _byStore.TryGetValue(storeId, out LatencyWindow? window) ? window.Sorted() : [];

    public void Dispose() => _listener.Dispose();

    private sealed class LatencyWindow
    {
        private readonly Lock _lock = new();
        private readonly double[] _latest = new double[256];
        private long _count;

        public void Add(double seconds)
        {
            lock (_lock)
            {
                _latest[_count++ % _latest.Length] = seconds;
            }
        }

        public double[] Sorted()
        {
            double[] copy;
            lock (_lock)
            {
                copy = _latest[..(int)Math.Min(_count, _latest.Length)];
            }

            Array.Sort(copy);
            return copy;
        }
    }
}
