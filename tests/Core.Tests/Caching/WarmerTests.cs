using Xunit;
using ZarrCache.Conformance.Http;
using ZarrCache.Metadata;

namespace ZarrCache.Core.Tests.Caching;

public sealed class WarmerTests : IAsyncDisposable
{
    private readonly CountingStore _origin = new(new DirectoryOrigin(Samples.V2));
    private readonly MemoryStoreIndex _index = new();
    private readonly IndexedCacheStorage _storage;

    public WarmerTests() => _storage = new IndexedCacheStorage(
        _index, MemoryStore.Opener(), new IndexedCacheStorageOptions { MaxSize = 1L << 30, WhenQueueFull = QueueFullMode.Wait });

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _storage.DisposeAsync();
        await _index.DisposeAsync();
    }

    [Fact]
    public async Task Each_key_is_asked_for_once_and_then_never()
    {
        WarmProgress first = await WarmAsync(new());
        Assert.Equal((309, 0), (first.Fetched + first.Cached, first.Failed));
        Assert.All(_origin.Requests, request => Assert.Equal(1, request.Value));
        Assert.Equal(309, (await _index.GetTotalsAsync("era", Ct)).Count - (await _index.GetTotalsAsync("era", Ct)).AbsentCount);

        _origin.Requests.Clear();
        WarmProgress second = await WarmAsync(new());
        Assert.Empty(_origin.Requests);
        Assert.Equal((309, 0, 0), (second.Cached, second.Fetched, second.OriginRequests));
    }

    [Fact]
    public async Task What_was_broken_off_is_taken_up_without_asking_twice()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        _origin.After = count =>
        {
            if (count == 100)
            {
                stop.Cancel();
            }
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => WarmAsync(new(), stop.Token));
        _origin.After = null;
        await _storage.FlushAsync(Ct);
        HashSet<string> cached = await ListCachedAsync();
        Assert.InRange(cached.Count, 50, 250);
        _origin.Requests.Clear();
        await WarmAsync(new());
        Assert.All(_origin.Requests, request => Assert.Equal(1, request.Value));
        Assert.Empty(_origin.Requests.Keys.Intersect(cached));
        await _storage.FlushAsync(Ct);

        // Not what was cached or asked for: a read that had its bytes when it was broken off may be cached a moment later.
        Assert.Equal(309, (await ListCachedAsync()).Count(key => File.Exists(Path.Combine(Samples.V2, key))));
    }

    [Fact]
    public async Task A_prefix_warms_its_keys_alone()
    {
        WarmPlan plan = await WarmPlan.CreateAsync(_origin, new WarmScope { Prefix = "u/1." }, Ct);
        Assert.Equal(48, plan.KeyCount);
        Assert.Equal(48, plan.Keys.Count(key => key.StartsWith("u/1.", StringComparison.Ordinal)));
        Assert.Equal(48, plan.Keys.Count());
    }

    [Fact]
    public async Task A_selection_warms_its_chunks_and_the_documents_that_lead_there()
    {
        WarmPlan plan = await WarmPlan.CreateAsync(_origin, new WarmScope { Selections = ["u[0,:,0:61,:]", "level"] }, Ct);
        string[] keys = [.. plan.Keys];
        Assert.Equal(keys.Length, plan.KeyCount);
        Assert.Equal(12, keys.Count(key => key.StartsWith("u/0.", StringComparison.Ordinal)));
        Assert.Contains("level/0", keys);
        Assert.Equal([".zattrs", ".zgroup", ".zmetadata", "level/.zarray", "level/.zattrs", "u/.zarray", "u/.zattrs"], keys.Where(ZarrKey.IsMetadata).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_array_that_does_not_exist_is_refused_by_name()
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => WarmPlan.CreateAsync(_origin, new WarmScope { Selections = ["w"] }, Ct));
        Assert.Contains("'w'", refused.Message);
    }

    [Fact]
    public async Task A_directory_without_Zarr_is_refused() =>
        await Assert.ThrowsAsync<ZarrMetadataException>(() => WarmPlan.CreateAsync(new MemoryStore(), new WarmScope(), Ct));

    [Fact]
    public async Task Keys_that_the_origin_fails_to_give_are_counted_and_passed_over()
    {
        _origin.Fails = key => key is "u/0.0.0.0" or "v/0.0.0.0";
        var store = new CachedStore(_origin, "era", _storage);
        var warmer = new Warmer(store, _storage, 4);
        await warmer.RunAsync(await WarmPlan.CreateAsync(store, new WarmScope(), Ct), Ct);
        Assert.Equal((309, 2), (warmer.Progress.Keys, warmer.Progress.Failed));
        Assert.Contains("out of order", warmer.Failure!.Message);
    }

    [Fact]
    public async Task An_origin_that_fails_all_the_time_is_given_up()
    {
        _origin.Fails = key => key.StartsWith("u/", StringComparison.Ordinal) || key.StartsWith("v/", StringComparison.Ordinal);
        var given = await Assert.ThrowsAsync<StoreException>(() => WarmAsync(new()));
        Assert.Contains("failed 100 times", given.Message);
    }

    private async Task<HashSet<string>> ListCachedAsync()
    {
        HashSet<string> keys = [];
        await foreach (IndexEntry entry in _index.EnumerateAsync(new IndexQuery("era"), Ct))
        {
            keys.Add(entry.Key);
        }

        return keys;
    }

    private async Task<WarmProgress> WarmAsync(WarmScope scope, CancellationToken? ct = null)
    {
        var store = new CachedStore(_origin, "era", _storage);
        var warmer = new Warmer(store, _storage, 4);
        await warmer.RunAsync(await WarmPlan.CreateAsync(store, scope, ct ?? Ct), ct ?? Ct);
        return warmer.Progress;
    }
}
