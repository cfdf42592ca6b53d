using CsCheck;
using Xunit;

namespace ZarrCache.Core.Tests.Caching;

/// <summary>What stores are guaranteed, what they may take, and what is never given up.</summary>
public sealed class QuotaTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(-1, 10, "the minimum is -1 bytes; it must be at least 0")]
    [InlineData(0, 0, "the maximum is 0 bytes; it must be at least 1")]
    [InlineData(11, 10, "the minimum is 11 bytes and the maximum 10; the minimum must not be the larger one")]
    public void A_quota_that_cannot_be_kept_is_refused(long minimum, long maximum, string rule)
    {
        var refusal = Assert.Throws<ArgumentException>(() => StoreQuota.Validate(new Dictionary<string, StoreQuota> { ["era5"] = new(minimum, maximum) }, 1000));
        Assert.Contains($"The quota of store 'era5' cannot be kept: {rule}.", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Minima_that_do_not_fit_are_refused_also_when_their_sum_overflows()
    {
        foreach (long minimum in (long[])[501, long.MaxValue])
        {
            var quotas = new Dictionary<string, StoreQuota> { ["a"] = new(minimum), ["b"] = new(500) };
            var options = new IndexedCacheStorageOptions { MaxSize = 1000, Quotas = quotas };
            var refusal = Assert.Throws<ArgumentException>(() => new IndexedCacheStorage(new MemoryStoreIndex(), MemoryStore.Opener(), options));
            Assert.Contains("must fit into MaxSize, which is 1000", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_store_at_its_maximum_gives_up_its_own()
    {
        await using var cache = new Cache(10_000, ("s", new StoreQuota(0, 3_000)));
        await cache.FillAsync("t", 5, 1000);
        await cache.FillAsync("s", 6, 1000);
        Assert.Equal((3_000, 5_000), (await cache.SizeAsync("s"), await cache.SizeAsync("t")));
        Assert.NotNull(await cache.Index.FindAsync(new EntryKey("s", "c/5"), Ct));
    }

    [Fact]
    public async Task A_store_is_not_pushed_below_its_minimum_and_may_go_there_itself()
    {
        await using var cache = new Cache(10_000, ("s", new StoreQuota(4_000)));
        await cache.FillAsync("s", 6, 1000);
        await cache.FillAsync("t", 20, 1000);
        Assert.Equal((4_000, 6_000), (await cache.SizeAsync("s"), await cache.SizeAsync("t")));
        await cache.PutAsync("s", "large", 9_500);
        Assert.Equal((9_500, 0), (await cache.SizeAsync("s"), await cache.SizeAsync("t")));
    }

    [Fact]
    public async Task What_is_larger_than_its_stores_maximum_is_counted_and_replaces_nothing()
    {
        await using var cache = new Cache(10_000, ("s", new StoreQuota(0, 500)));
        await cache.PutAsync("s", "c/0", 400);
        await cache.PutAsync("s", "c/1", 501);
        await cache.PutAsync("s", "c/0", 600);
        Assert.Equal(2, cache.Storage.Counters.TooLarge);
        Assert.Equal(0, await cache.SizeAsync("s"));
    }

    [Fact]
    public async Task Where_all_is_pinned_or_guaranteed_what_comes_is_declined()
    {
        await using var cache = new Cache(10_000, ("t", new StoreQuota(5_000)));
        await cache.FillAsync("s", 5, 1000);
        await cache.FillAsync("t", 5, 1000);
        Assert.Equal(5_000, (await cache.Storage.PinAsync("s", "c/", Ct)).AllocatedBytes);
        await cache.FillAsync("u", 3, 1000);
        Assert.Equal((5_000, 5_000, 0), (await cache.SizeAsync("s"), await cache.SizeAsync("t"), await cache.SizeAsync("u")));
        Assert.Equal((3, 0), (cache.Storage.Counters.NoRoom, cache.Storage.Counters.Evicted));

        Assert.True(await cache.Storage.UnpinAsync("s", "c/", Ct));
        await cache.FillAsync("u", 3, 1000);
        Assert.Equal((2_000, 5_000, 3_000), (await cache.SizeAsync("s"), await cache.SizeAsync("t"), await cache.SizeAsync("u")));
    }

    [Fact]
    public async Task A_quota_can_be_changed_while_the_cache_works()
    {
        await using var cache = new Cache(10_000);
        await cache.FillAsync("s", 8, 1000);
        cache.Storage.Quotas = new Dictionary<string, StoreQuota> { ["s"] = new(0, 2_000) };
        await cache.PutAsync("s", "c/new", 1000);
        Assert.Equal(2_000, await cache.SizeAsync("s"));
        Assert.Throws<ArgumentException>(() => cache.Storage.Quotas = new Dictionary<string, StoreQuota> { ["s"] = new(10_001) });
        Assert.Equal(2_000, cache.Storage.Quotas["s"].Maximum);
    }

    [Fact]
    public async Task What_the_policy_would_give_up_at_once_is_not_written_and_its_older_value_goes()
    {
        await using var cache = new Cache(3_000, EvictionPolicy.Lifo);
        await cache.FillAsync("s", 3, 1000);
        await cache.PutAsync("s", "c/3", 1000);
        Assert.Equal((1, 0), (cache.Storage.Counters.Refused, cache.Storage.Counters.Evicted));
        await cache.PutAsync("s", "c/0", 1001);
        Assert.Null(await cache.Index.FindAsync(new EntryKey("s", "c/0"), Ct));
        Assert.Equal(2_000, await cache.SizeAsync("s"));
    }

    [Fact]
    public async Task The_admission_filter_is_asked_only_when_something_must_go()
    {
        var asked = new List<(string Key, long Bytes)>();
        await using var cache = new Cache(3_000, admission: (candidate, bytes) =>
        {
            asked.Add((candidate.Key, bytes));
            return candidate.StoreId != "forecast";
        });
        await cache.FillAsync("archive", 3, 1000);
        Assert.Empty(asked);
        await cache.PutAsync("forecast", "c/0", 500);
        await cache.PutAsync("archive", "c/3", 500);
        Assert.Equal([("c/0", 500), ("c/3", 500)], asked);
        Assert.Equal((2_500, 0, 1), (await cache.SizeAsync("archive"), await cache.SizeAsync("forecast"), cache.Storage.Counters.Refused));
    }

    [Fact]
    public async Task Metadata_outlasts_every_chunk()
    {
        await using var cache = new Cache(3_000);
        await cache.PutAsync("s", "u/zarr.json", 500);
        await cache.FillAsync("s", 30, 1000);
        Assert.NotNull(await cache.Index.FindAsync(new EntryKey("s", "u/zarr.json"), Ct));
        Assert.Equal(2_500, await cache.SizeAsync("s"));
    }

    /// <summary>Whatever is written in whatever order: the budget and the maxima hold, nobody is pushed below his minimum by others, and nothing is declined as long as somebody has a chunk to spare.</summary>
    [Fact]
    public Task Quotas_hold_whatever_is_written()
    {
        Gen<(int Store, int Size)> write = Gen.Select(Gen.Int[0, 3], Gen.Int[1, 900]);
        return Gen.Select(Gen.Int[0, 800].Array[4], Gen.Int[900, 3000].Array[4], write.List[1, 60]).SampleAsync(
            async (minima, maxima, writes) =>
            {
                var quotas = new (string, StoreQuota)[4];
                for (int i = 0; i < 4; i++)
                {
                    quotas[i] = ($"s{i}", new StoreQuota(minima[i], maxima[i]));
                }

                await using var cache = new Cache(4_100, quotas);
                long[] before = new long[4];
                for (int step = 0; step < writes.Count; step++)
                {
                    (int store, int size) = writes[step];
                    await cache.PutAsync($"s{store}", $"c/{step}", size);
                    for (int other = 0; other < 4; other++)
                    {
                        long now = await cache.SizeAsync($"s{other}");
                        Assert.InRange(now, 0, maxima[other]);
                        Assert.True(other == store || now >= Math.Min(before[other], minima[other]), $"store {other} was pushed from {before[other]} to {now}, below {minima[other]}");
                        before[other] = now;
                    }

                    Assert.InRange(before.Sum(), 0, 4_100);
                    if (await cache.Index.FindAsync(new EntryKey($"s{store}", $"c/{step}"), Ct) is null)
                    {
                        // declined: nothing of its own is left to go, and nobody else has a chunk to spare
                        Assert.Equal(0, before[store]);
                        Assert.All(Enumerable.Range(0, 4).Where(other => other != store), other => Assert.True(before[other] < minima[other] + 900));
                    }
                }
            },
            iter: 60,
            threads: 1);
    }

    private sealed class Cache : IAsyncDisposable
    {
        public Cache(long maxSize, params (string Store, StoreQuota Quota)[] quotas)
            : this(maxSize, EvictionPolicy.Lru, null, quotas)
        {
        }

        public Cache(long maxSize, EvictionPolicy? policy = null, AdmissionFilter? admission = null, params (string Store, StoreQuota Quota)[] quotas)
        {
            Index = new MemoryStoreIndex(policy);
            Storage = new IndexedCacheStorage(Index, MemoryStore.Opener(), new IndexedCacheStorageOptions
            {
                MaxSize = maxSize,
                Writers = 1,
                Admission = admission,
                Quotas = quotas.ToDictionary(quota => quota.Store, quota => quota.Quota),
            });
        }

        public MemoryStoreIndex Index { get; }

        public IndexedCacheStorage Storage { get; }

        public async Task PutAsync(string store, string key, int size)
        {
            using SharedBuffer bytes = SharedBuffer.Copy(new(new byte[size]));
            await Storage.PutAsync(new CacheItem { StoreId = store, Key = key, Info = new ObjectInfo(size, null, null), Bytes = bytes, LoadDuration = TimeSpan.FromMilliseconds(1) }, Ct);
            await Storage.FlushAsync(Ct);
        }

        public async Task FillAsync(string store, int count, int size)
        {
            for (int i = 0; i < count; i++)
            {
                await PutAsync(store, $"c/{i}", size);
            }
        }

        public async Task<long> SizeAsync(string store) => (await Storage.GetTotalsAsync(store, Ct)).AllocatedBytes;

        public async ValueTask DisposeAsync()
        {
            await Storage.DisposeAsync();
            await Index.DisposeAsync();
        }
    }
}
