using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using ZarrCache.Conformance.Http;

namespace ZarrCache.Core.Tests.Caching;

/// <summary>An origin that is switched off, or that goes away and comes back.</summary>
public sealed class OfflineTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Offline_serves_what_is_cached_and_marks_what_is_past_its_time()
    {
        await using var f = new CacheFixture();
        byte[] chunk = await f.WarmAsync("u/c/0", 1000);
        byte[] document = await f.WarmAsync("u/zarr.json", 300);
        Assert.Null(await f.Store.GetBytesAsync("u/c/1", ct: Ct));
        await f.Storage.FlushAsync(Ct);
        int requests = f.Origin.Requests.Count;
        f.Store.Offline = true;

        f.Time.Advance(TimeSpan.FromDays(400));
        await AssertReadAsync(f.Store, "u/c/0", chunk, isStale: false);
        await AssertReadAsync(f.Store, "u/zarr.json", document, isStale: true);
        await using (ReadResult absent = await f.Store.GetAsync("u/c/1", default, Ct))
        {
            Assert.Equal((ReadStatus.Absent, true), (absent.Status, absent.IsStale));
        }

        Assert.Equal(requests, f.Origin.Requests.Count);
        Assert.Equal(2, f.Store.Statistics.StaleHits);
    }

    [Fact]
    public async Task Offline_a_miss_says_what_to_do_and_a_switch_ends_it()
    {
        await using var f = new CacheFixture(options: options => options with { Offline = true });
        await f.GiveAsync("u/c/0", 1000);
        var miss = await Assert.ThrowsAsync<OriginUnavailableException>(async () => await f.Store.GetBytesAsync("u/c/0", ct: Ct));
        Assert.Equal(
            "Store 's' is offline, and 'u/c/0' needs its origin: it is not cached, or not all of it, or is to be listed or written. " +
            "Warm the cache while the origin can be reached, or switch Offline off.",
            miss.Message);
        await Assert.ThrowsAsync<OriginUnavailableException>(async () => await f.Store.SetAsync("u/c/0", default, Ct));
        await Assert.ThrowsAsync<OriginUnavailableException>(async () => await f.Store.EraseAsync("u/c/0", Ct));
        await Assert.ThrowsAsync<OriginUnavailableException>(async () => await f.Store.ListDirAsync("", Ct).AnyAsync(Ct));
        Assert.Empty(f.Origin.Requests);

        f.Store.Offline = false;
        Assert.NotNull(await f.Store.GetBytesAsync("u/c/0", ct: Ct));
    }

    [Fact]
    public async Task Offline_parts_serve_what_they_cover_and_refuse_the_rest_at_once()
    {
        await using var f = new CacheFixture(options: options => options with { ChunkTimeToLive = TimeSpan.FromMinutes(1) });
        byte[] shard = await f.GiveAsync("c/0", 10_000);
        await f.Store.GetBytesAsync("c/0", ByteRange.Slice(0, 1000), Ct);
        await f.Store.GetBytesAsync("c/0", ByteRange.Slice(1000, 1000), Ct);
        await f.Storage.FlushAsync(Ct);
        f.Store.Offline = true;
        f.Time.Advance(TimeSpan.FromHours(1));
        await using (ReadResult both = await f.Store.GetAsync("c/0", new ReadOptions(ByteRange.Slice(500, 1000)), Ct))
        {
            byte[] read = new byte[1000];
            await both.ReadAsync(read, Ct);
            Assert.True(both.IsStale);
            Assert.Equal(shard[500..1500], read);
        }

        await Assert.ThrowsAsync<OriginUnavailableException>(async () => await f.Store.GetAsync("c/0", new ReadOptions(ByteRange.Slice(1500, 1000)), Ct));
        f.Store.Offline = false;
        Assert.Equal(shard[1500..2500], await f.Store.GetBytesAsync("c/0", ByteRange.Slice(1500, 1000), Ct));
    }

    [Fact]
    public async Task An_origin_that_goes_away_is_asked_once_in_an_interval_and_found_again()
    {
        await using var f = new CacheFixture();
        byte[] document = await f.WarmAsync("zarr.json", 300);
        byte[] other = await f.WarmAsync("u/zarr.json", 300, seed: 2);
        f.Time.Advance(TimeSpan.FromHours(1));
        int asked = 0;
        f.Origin.BeforeAnswer = (_, _) =>
        {
            asked++;
            throw new StoreException("unplugged", new SocketException((int)SocketError.HostUnreachable));
        };
        for (int i = 0; i < 5; i++)
        {
            await AssertReadAsync(f.Store, "zarr.json", document, isStale: true);
            await AssertReadAsync(f.Store, "u/zarr.json", other, isStale: true);
        }

        Assert.Equal(1, asked);
        f.Time.Advance(TimeSpan.FromSeconds(31));
        await AssertReadAsync(f.Store, "zarr.json", document, isStale: true);
        Assert.Equal(2, asked);
        var miss = await Assert.ThrowsAsync<OriginUnavailableException>(async () => await f.Store.GetBytesAsync("v/c/0", ct: Ct));
        Assert.Equal("The origin of store 's' cannot be reached for 'v/c/0': unplugged", miss.Message);
        Assert.IsType<SocketException>(miss.InnerException!.InnerException);

        f.Origin.BeforeAnswer = null;
        Assert.Null(await f.Store.GetBytesAsync("v/c/0", ct: Ct)); // a miss always asks, and so it is known that the origin is back
        await AssertReadAsync(f.Store, "zarr.json", document, isStale: false);
        Assert.Equal(11, f.Store.Statistics.StaleHits);
    }

    [Fact]
    public async Task A_refusal_is_no_outage()
    {
        await using var f = new CacheFixture();
        await f.WarmAsync("zarr.json", 300);
        f.Time.Advance(TimeSpan.FromHours(1));
        f.Origin.BeforeAnswer = (_, _) => throw new StoreException("403 forbidden");
        Assert.Equal("403 forbidden", (await Assert.ThrowsAsync<StoreException>(async () => await f.Store.GetBytesAsync("zarr.json", ct: Ct))).Message);
        Assert.Equal(0, f.Store.Statistics.StaleHits);
    }

    [Fact]
    public async Task Who_wants_nothing_stale_gets_the_failure()
    {
        await using var f = new CacheFixture(options: options => options with { ServeStaleWhenUnavailable = false });
        byte[] document = await f.WarmAsync("zarr.json", 300);
        f.Time.Advance(TimeSpan.FromHours(1));
        f.Origin.BeforeAnswer = (_, _) => throw new TimeoutException("no answer");
        await Assert.ThrowsAsync<OriginUnavailableException>(async () => await f.Store.GetBytesAsync("zarr.json", ct: Ct));
        f.Store.Offline = true;
        await AssertReadAsync(f.Store, "zarr.json", document, isStale: true);
    }

    [Fact]
    public async Task A_clock_that_jumps_ten_years_either_way_gives_up_nothing_and_no_wrong_byte()
    {
        await using var f = new CacheFixture(options => options with { MaxSize = 10_000 });
        byte[][] chunks = new byte[8][];
        for (int i = 0; i < chunks.Length; i++)
        {
            chunks[i] = await f.WarmAsync($"c/{i}", 1000, seed: i);
        }

        foreach (int years in (int[])[10, -20, 10])
        {
            f.Time.AdjustTime(f.Time.GetUtcNow().AddYears(years));
            for (int i = 0; i < chunks.Length; i++)
            {
                Assert.Equal(chunks[i], await f.Store.GetBytesAsync($"c/{i}", ct: Ct));
            }
        }

        await f.Storage.FlushAsync(Ct);
        Assert.Equal((0, 8), (f.Storage.Counters.Evicted, f.Origin.Requests.Count));
    }

    [Theory]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.RequestTimeout)]
    public async Task A_real_server_that_cannot_answer_is_an_outage_and_one_that_is_gone_too(HttpStatusCode status)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var behind = new MemoryStore(time);
        await behind.SetAsync("zarr.json", CacheFixture.Bytes(300), Ct);
        LoopbackServer server = await LoopbackServer.StartAsync(behind, Ct);
        await using var origin = new HttpZarrStore(server.BaseAddress, new HttpZarrStoreOptions { MaxRetries = 0 });
        await using var index = new MemoryStoreIndex();
        await using var storage = new IndexedCacheStorage(index, MemoryStore.Opener(time), new IndexedCacheStorageOptions { MaxSize = 1 << 20, TimeProvider = time });
        await using var store = new CachedStore(origin, "s", storage, new CachedStoreOptions { TimeProvider = time });
        byte[] document = (await store.GetBytesAsync("zarr.json", ct: Ct))!;
        await storage.FlushAsync(Ct);

        time.Advance(TimeSpan.FromHours(1));
        server.Intercept = (context, _) =>
        {
            context.Response.StatusCode = (int)status;
            return Task.CompletedTask;
        };
        await AssertReadAsync(store, "zarr.json", document, isStale: true);
        server.Intercept = null;
        time.Advance(TimeSpan.FromHours(1));
        await AssertReadAsync(store, "zarr.json", document, isStale: false);

        await server.DisposeAsync();
        time.Advance(TimeSpan.FromHours(1));
        await AssertReadAsync(store, "zarr.json", document, isStale: true);
        var miss = await Assert.ThrowsAsync<OriginUnavailableException>(async () => await store.GetBytesAsync("u/c/0", ct: Ct));
        Assert.Contains("'u/c/0'", miss.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interval_below_zero_is_refused()
    {
        var options = new CachedStoreOptions { OriginRetryInterval = TimeSpan.FromSeconds(-1) };
        var refusal = Assert.Throws<ArgumentOutOfRangeException>(() => new CachedStore(new MemoryStore(), "s", new MemoryCacheStorage(1000), options));
        Assert.Contains("OriginRetryInterval is -00:00:01; it must be zero or positive.", refusal.Message, StringComparison.Ordinal);
    }

    private static async Task AssertReadAsync(CachedStore store, string key, byte[] expected, bool isStale)
    {
        await using ReadResult result = await store.GetAsync(key, default, Ct);
        byte[] read = new byte[result.Length];
        await result.ReadAsync(read, Ct);
        Assert.Equal(expected, read);
        Assert.Equal(isStale, result.IsStale);
    }
}
