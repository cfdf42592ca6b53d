using System.Collections.Concurrent;

namespace ZarrCache.Core.Tests.Caching;

/// <summary>Counts reads by key, and fails those that a test wants to fail.</summary>
internal sealed class CountingStore(IZarrStore inner) : ForwardingZarrStore(inner)
{
    private int _count;

    public ConcurrentDictionary<string, int> Requests { get; } = new();

    public Func<string, bool> Fails { get; set; } = _ => false;

    /// <summary>Told of the number of each read, after it was counted.</summary>
    public Action<int>? After { get; set; }

    public override ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        Requests.AddOrUpdate(key, 1, (_, count) => count + 1);
        After?.Invoke(Interlocked.Increment(ref _count));
        return Fails(key) ? throw new StoreException($"'{key}' is out of order.") : base.GetAsync(key, options, ct);
    }
}
