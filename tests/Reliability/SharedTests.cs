using System.Collections.Concurrent;
using System.Globalization;
using Xunit;
using ZarrCache.Index.Redis;
using ZarrCache.Index.Redis.Tests;
using ZarrCache.Storage.S3;
using ZarrCache.Storage.S3.Tests;

namespace ZarrCache.Reliability;

/// <summary>Tests that want all processors, and run when the others are done.</summary>
[CollectionDefinition(nameof(AloneCollection), DisableParallelization = true)]
public sealed class AloneCollection;

/// <summary>Four processes with one redis-server and one radosgw, as four machines would have them.</summary>
[Collection(nameof(AloneCollection))]
public sealed class SharedTests(RadosgwFixture s3, ITestOutputHelper output)
{
    private const int Processes = 4;
    private const int Reads = 10_000;
    private static readonly TimeSpan Patient = TimeSpan.FromMinutes(1); // however busy the machine is
    private static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(50);

    /// <summary>Ends what hangs; nothing asserts on it.</summary>
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(3);

    private readonly ConcurrentQueue<string> _fetched = new();

    [Fact]
    public async Task What_four_processes_read_is_fetched_once_and_right_and_stays_right_when_one_and_then_the_server_fails()
    {
        string place = await s3.NewPlaceAsync() + "/{store_id}.zarr";
        await using RedisProcess redis = await RequiredRedis.StartAsync();
        using var watchdog = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        watchdog.CancelAfter(Watchdog);
        CancellationToken ct = watchdog.Token;

        // Nothing fails: all read all at once, and each is fetched once.
        SharedChild[] children = await StartAsync(redis, place, Patient, ct);
        Array.ForEach(children, child => child.Tell(string.Create(CultureInfo.InvariantCulture, $"read first {Reads / Processes}")));
        await Task.WhenAll(children.Select(child => child.WhenDoneAsync(ct)));
        await EndAsync(children, ct);
        Assert.Equal(Reads, children.Sum(child => child.Reads));
        Assert.Equal(Enumerable.Range(0, SharedWork.KeysPerSet).Select(i => SharedWork.Key("first", i)).Order(StringComparer.Ordinal), _fetched.Order(StringComparer.Ordinal));

        // One is killed, then the server stands still, then it is gone and comes back empty; the others read on all the time.
        children = await StartAsync(redis, place, Usual, ct);
        SharedChild[] others = children[1..];
        Array.ForEach(children, child => child.Tell("loop second"));
        await MoreReadsAsync(children, ct);
        await children[0].KillAsync(ct);
        await MoreReadsAsync(others, ct);
        await redis.PauseAsync(ct);
        await MoreReadsAsync(others, ct);
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System, ct);
        await redis.ResumeAsync(ct);
        await MoreReadsAsync(others, ct);
        await redis.KillAsync(ct);
        await MoreReadsAsync(others, ct);
        await redis.StartAgainAsync(ct);
        await WhenNothingIsFetchedAsync(others, ct);
        Array.ForEach(others, child => child.Tell("stop"));
        await Task.WhenAll(others.Select(child => child.WhenDoneAsync(ct)));
        await EndAsync(others, ct);
        children[0].Dispose();
        await AssertConsistentAsync(redis, place, ct);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Reads} reads and {children.Sum(child => child.Reads)} under faults, 0 wrong; {_fetched.Count} requests to the origin for {2 * SharedWork.KeysPerSet} keys."));
    }

    private async Task<SharedChild[]> StartAsync(RedisProcess redis, string place, TimeSpan patience, CancellationToken ct)
    {
        string[] arguments = [redis.Address, place, s3.Server.Endpoint.ToString(), Radosgw.AccessKey, Radosgw.SecretKey, patience.TotalMilliseconds.ToString(CultureInfo.InvariantCulture)];
        SharedChild[] children = [.. Enumerable.Range(0, Processes).Select(_ => SharedChild.Start(arguments, _fetched))];
        await Task.WhenAll(children.Select(child => child.WhenDoneAsync(ct)));
        return children;
    }

    private static async Task EndAsync(SharedChild[] children, CancellationToken ct)
    {
        await Task.WhenAll(children.Select(child => child.EndAsync(ct)));
        Array.ForEach(children, child => child.Dispose());
    }

    /// <summary>Each has read some more, whatever has failed.</summary>
    private static async Task MoreReadsAsync(SharedChild[] children, CancellationToken ct)
    {
        int[] before = [.. children.Select(child => child.Reads)];
        while (!children.Zip(before).All(child => child.First.Reads >= child.Second + 200))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, ct);
        }
    }

    /// <summary>Caching has resumed by itself: all is cached again, and read from there.</summary>
    private async Task WhenNothingIsFetchedAsync(SharedChild[] children, CancellationToken ct)
    {
        int before;
        do
        {
            before = _fetched.Count;
            await MoreReadsAsync(children, ct);
            await MoreReadsAsync(children, ct);
        }
        while (_fetched.Count != before);
    }

    /// <summary>After a sweep that takes no file for too young, rows, totals and objects agree, byte for byte.</summary>
    private async Task AssertConsistentAsync(RedisProcess redis, string place, CancellationToken ct)
    {
        await using RedisStoreIndex index = await RedisStoreIndex.OpenAsync(redis.Address, null, ct);
        await using var storage = new IndexedCacheStorage(index, S3ZarrStore.Opener(place, s3.Options), maxSize: 1L << 30);
        await storage.CheckAsync(new CacheCheckOptions { Repair = true, MinimumAge = TimeSpan.Zero }, null, ct);
        CacheCheckReport report = await storage.CheckAsync(new CacheCheckOptions { VerifyBytes = true, MinimumAge = TimeSpan.Zero }, null, ct);
        Assert.True(report.IsClean, report.ToString());
        Assert.Equal(report.Rows, report.Files);
        List<IndexEntry> entries = await index.EnumerateAsync(new IndexQuery(), ct).ToListAsync(ct);
        IndexTotals totals = await storage.GetTotalsAsync(null, ct);
        Assert.Equal((entries.Count, entries.Sum(e => e.Size), entries.Sum(e => e.AllocatedSize)), (totals.Count, totals.Bytes, totals.AllocatedBytes));
        Assert.InRange(entries.Count(entry => entry.Kind != EntryKind.Absent), SharedWork.KeysPerSet * 2 / 3, long.MaxValue); // of the second set all that there is
    }
}
