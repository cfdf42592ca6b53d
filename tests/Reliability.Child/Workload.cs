namespace ZarrCache.Reliability;

/// <summary>What a process does to a cache that two stores share and that has room for half of them: two hands in each read, read ranges, write and delete.</summary>
internal sealed class Workload(IndexedCacheStorage storage, ChildOptions options) : IAsyncDisposable
{
    public const long MaxSize = 512 * 1024;

    /// <summary>Versions of one run lie between its number times this and the next.</summary>
    public const long VersionsPerRun = 1_000_000;

    public static readonly string[] Stores = ["a", "b"];
    public static readonly string[] Keys = [.. Enumerable.Range(0, 48).Select(i => $"{(i % 2 == 0 ? "u" : "v")}/c/{i}")];
    public const int HandsPerStore = 2;

    private readonly Lane[] _lanes = [.. Stores.Select(storeId => new Lane(storage, storeId, options))];

    public Task RunAsync(CancellationToken ended) =>
        Task.WhenAll(_lanes.SelectMany(lane => Enumerable.Range(0, HandsPerStore).Select(hand => Task.Run(() => lane.RunAsync(hand, options.Steps, ended)))));

    /// <summary>All that a process loads late, it has loaded then: faults that are made from outside hit the cache and not the runtime.</summary>
    public Task WarmAsync() => Task.WhenAll(_lanes.Select(lane => lane.RunAsync(0, 500, CancellationToken.None)));

    /// <summary>The faults have ended: by itself, and whatever it takes, the cache keeps what is read again. That it does so in time is the watchdog's.</summary>
    public async Task RecoverAsync()
    {
        foreach (Lane lane in _lanes)
        {
            while (!await lane.TryRecoverAsync())
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Lane lane in _lanes)
        {
            await lane.DisposeAsync();
        }
    }
}
