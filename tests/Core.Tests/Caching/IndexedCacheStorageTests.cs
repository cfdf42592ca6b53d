using Xunit;

namespace ZarrCache.Core.Tests.Caching;

/// <summary>What goes beyond the suite of cache storages: the queue, the budget, the faults of index and disk.</summary>
public sealed class IndexedCacheStorageTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_value_that_waits_to_be_written_is_a_hit_and_disposing_writes_it()
    {
        await using var f = new CacheFixture();
        var disk = new TaskCompletionSource();
        f.Chunks.BeforeWrite = _ => disk.Task;
        byte[] value = await f.GiveAsync("k", 3 << 20);
        Assert.Equal(value, await f.Store.GetBytesAsync("k", ct: Ct));
        Assert.Equal(value, await f.Store.GetBytesAsync("k", ct: Ct));
        Assert.Equal(value[100..200], await f.Store.GetBytesAsync("k", ByteRange.Slice(100, 100), Ct));
        Assert.Single(f.Origin.Requests);

        ValueTask disposing = f.Storage.DisposeAsync();
        disk.SetResult();
        await disposing;
        Assert.Equal(1, (await f.Index.GetTotalsAsync(null, Ct)).Count);
    }

    [Fact]
    public async Task A_full_queue_skips_and_counts()
    {
        await using var f = new CacheFixture(options => options with { QueueSize = 64 * 1024, Writers = 1 });
        var disk = new TaskCompletionSource();
        f.Chunks.BeforeWrite = _ => disk.Task;
        for (int i = 0; i < 10; i++)
        {
            byte[] value = await f.GiveAsync($"c/{i}", 20_000, seed: i);
            Assert.Equal(value, await f.Store.GetBytesAsync($"c/{i}", ct: Ct));
        }

        disk.SetResult();
        await f.Storage.FlushAsync(Ct);
        long cached = (await f.Storage.GetTotalsAsync(null, Ct)).Count;
        Assert.InRange(cached, 1, 4);
        Assert.Equal(10 - cached, f.Storage.Counters.QueueFull);
    }

    [Fact]
    public async Task A_full_queue_that_waits_loses_nothing()
    {
        await using var f = new CacheFixture(options => options with { QueueSize = 64 * 1024, Writers = 1, WhenQueueFull = QueueFullMode.Wait });
        var disk = new TaskCompletionSource();
        f.Chunks.BeforeWrite = _ => disk.Task;
        var readers = new List<Task>();
        for (int i = 0; i < 10; i++)
        {
            await f.GiveAsync($"c/{i}", 20_000, seed: i);
            readers.Add(f.Store.GetBytesAsync($"c/{i}", ct: Ct).AsTask());
        }

        Assert.Contains(readers, reader => !reader.IsCompleted);
        disk.SetResult();
        await Task.WhenAll(readers);
        await f.Storage.FlushAsync(Ct);
        Assert.Equal(10, (await f.Storage.GetTotalsAsync(null, Ct)).Count);
    }

    [Fact]
    public async Task The_budget_holds_and_the_least_recently_used_go()
    {
        await using var f = new CacheFixture(options => options with { MaxSize = 10_000, Writers = 1 });
        for (int i = 0; i < 10; i++)
        {
            await f.WarmAsync($"c/{i}", 1000, seed: i);
        }

        await f.Store.GetBytesAsync("c/0", ct: Ct);
        await f.WarmAsync("c/10", 1000, seed: 10);
        Assert.NotNull(await f.Storage.FindAsync("s", "c/0", Ct));
        Assert.Null(await f.Storage.FindAsync("s", "c/1", Ct));
        Assert.Equal(10_000, (await f.Storage.GetTotalsAsync(null, Ct)).AllocatedBytes);
        Assert.Equal(10, await f.Chunks.CountAsync(ct: Ct));
        Assert.Equal((1, 1000L), (f.Storage.Counters.Evicted, f.Storage.Counters.EvictedBytes));
    }

    [Fact]
    public async Task A_value_larger_than_the_budget_is_delivered_declined_and_counted()
    {
        await using var f = new CacheFixture(options => options with { MaxSize = 1000 });
        await f.WarmAsync("small", 900);
        await f.WarmAsync("large", 1001);
        Assert.Equal(1, f.Storage.Counters.TooLarge);
        Assert.NotNull(await f.Storage.FindAsync("s", "small", Ct));
    }

    [Fact]
    public async Task Entries_are_bounded_and_absences_go_first()
    {
        await using var f = new CacheFixture(options => options with { MaxEntries = 5 });
        for (int i = 0; i < 3; i++)
        {
            await f.WarmAsync($"c/{i}", 10, seed: i);
        }

        for (int i = 0; i < 10; i++)
        {
            Assert.Null(await f.Store.GetBytesAsync($"none/{i}", ct: Ct));
            await f.Storage.FlushAsync(Ct);
        }

        Assert.Equal(new IndexTotals(5, 30, 30, 2), await f.Storage.GetTotalsAsync(null, Ct));
    }

    [Fact]
    public async Task A_read_that_has_begun_survives_the_eviction_of_its_value()
    {
        await using var f = new CacheFixture(options => options with { MaxSize = 2_500_000 });
        byte[] value = await f.WarmAsync("c/0", 2_100_000);
        await using ReadResult result = await f.Store.GetAsync("c/0", Ct);
        var read = new byte[value.Length];
        await result.ReadAsync(read.AsMemory(0, 1000), Ct);
        await f.WarmAsync("c/1", 2_000_000, seed: 2);
        Assert.Null(await f.Storage.FindAsync("s", "c/0", Ct));
        await result.ReadAsync(read.AsMemory(1000), Ct);
        Assert.Equal(value, read);
    }

    [Theory]
    [InlineData("Find")]
    [InlineData("Push")]
    [InlineData("Pop")]
    [InlineData("Mark")]
    [InlineData("GetTotals")]
    [InlineData("*")]
    public async Task An_index_that_fails_never_fails_a_read(string operation)
    {
        FailingIndex? index = null;
        await using var f = new CacheFixture(options => options with { MaxSize = 2500 }, wrapIndex: inner => index = new FailingIndex(inner));
        await f.WarmAsync("warm", 1000);
        index!.Fails = name => operation == "*" || name == operation;
        for (int i = 0; i < 5; i++)
        {
            byte[] value = await f.GiveAsync($"c/{i}", 1000, seed: i);
            Assert.Equal(value, await f.Store.GetBytesAsync($"c/{i}", ct: Ct));
            Assert.Equal(value, await f.Store.GetBytesAsync($"c/{i}", ct: Ct));
            Assert.Equal(CacheFixture.Bytes(1000), await f.Store.GetBytesAsync("warm", ct: Ct));
            Assert.Null(await f.Store.GetBytesAsync("none", ct: Ct));
        }

        index.Fails = null;
        await f.Storage.FlushAsync(Ct);
        IndexTotals totals = await f.Storage.GetTotalsAsync(null, Ct);
        Assert.InRange(totals.AllocatedBytes, 0, 2500);
        byte[] last = await f.WarmAsync("last", 1000, seed: 77);
        Assert.Equal(last, await f.Store.GetBytesAsync("last", ct: Ct));
        Assert.Equal(1, f.Origin.RequestsFor("last"));
    }

    [Fact]
    public async Task A_full_disk_never_fails_a_read_and_caching_resumes_when_it_has_room()
    {
        await using var f = new CacheFixture();
        f.Chunks.BeforeWrite = _ => throw new StoreException("No space left on device");
        byte[] value = await f.GiveAsync("k", 1000);
        Assert.Equal(value, await f.Store.GetBytesAsync("k", ct: Ct));
        await f.Storage.FlushAsync(Ct);
        Assert.Equal(value, await f.Store.GetBytesAsync("k", ct: Ct));
        Assert.Equal(2, f.Origin.Requests.Count);
        await f.Storage.FlushAsync(Ct);
        Assert.Equal(2, f.Storage.Counters.WriteFailures);
        f.Chunks.BeforeWrite = null;
        await f.Store.GetBytesAsync("k", ct: Ct);
        await f.Storage.FlushAsync(Ct);
        Assert.Equal(value, await f.Store.GetBytesAsync("k", ct: Ct));
        Assert.Equal(3, f.Origin.Requests.Count);
    }

    [Fact]
    public async Task A_file_that_cannot_be_removed_counts_against_the_budget_until_it_can()
    {
        await using var f = new CacheFixture(options => options with { MaxSize = 3000, Writers = 1 });
        await f.WarmAsync("c/0", 1000, seed: 0);
        await f.WarmAsync("c/1", 1000, seed: 1);
        await f.WarmAsync("c/2", 1000, seed: 2);
        f.Chunks.BeforeErase = key => key == "c/0" ? throw new StoreException("busy") : Task.CompletedTask;
        await f.WarmAsync("c/3", 1000, seed: 3);
        await f.WarmAsync("c/4", 1000, seed: 4);
        Assert.True(await f.Chunks.GetSizeAsync(ct: Ct) <= 3000 + 1000);
        Assert.True((await f.Storage.GetTotalsAsync(null, Ct)).AllocatedBytes <= 2000);

        f.Chunks.BeforeErase = null;
        await f.WarmAsync("c/5", 1000, seed: 5);
        Assert.DoesNotContain("c/0", await f.Chunks.ListAsync(Ct).ToListAsync(Ct));
        Assert.Equal(3000, (await f.Storage.GetTotalsAsync(null, Ct)).AllocatedBytes);
    }

    [Fact]
    public async Task Deleting_a_prefix_takes_what_waits_and_what_is_being_written_with_it()
    {
        await using var f = new CacheFixture(options => options with { Writers = 1 });
        var disk = new TaskCompletionSource();
        f.Chunks.BeforeWrite = _ => disk.Task;
        for (int i = 0; i < 5; i++)
        {
            await f.GiveAsync($"u/{i}", 100, seed: i);
            await f.Store.GetBytesAsync($"u/{i}", ct: Ct);
        }

        Task<IndexTotals> deleting = f.Storage.DeletePrefixAsync("s", "u/", Ct).AsTask();
        disk.SetResult();
        await deleting;
        await f.Storage.FlushAsync(Ct);
        Assert.Equal(default, await f.Storage.GetTotalsAsync(null, Ct));
        Assert.Equal(0, await f.Chunks.CountAsync(ct: Ct));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_an_index_that_cannot_be_written_to_could_not_forget_is_not_served(bool inParts)
    {
        FailingIndex? index = null;
        await using var f = new CacheFixture(wrapIndex: inner => index = new FailingIndex(inner));
        await f.GiveAsync("k", 5000, seed: 1);
        await f.Store.GetBytesAsync("k", inParts ? ByteRange.Slice(0, 300) : ByteRange.All, Ct);
        await f.Storage.FlushAsync(Ct);
        index!.Fails = operation => operation is "DeleteKey" or "Delete" or "Push";
        byte[] written = CacheFixture.Bytes(4000, seed: 2);
        await Assert.ThrowsAsync<ZarrCacheException>(async () => await f.Store.SetAsync("k", written, Ct));
        Assert.Equal(written, await f.Store.GetBytesAsync("k", ct: Ct));
        Assert.Equal(written[100..200], await f.Store.GetBytesAsync("k", ByteRange.Slice(100, 100), Ct));
        await using (IndexedCacheStorage other = f.OpenAgain())
        await using (var store = new CachedStore(f.Origin, "s", other))
        {
            Assert.Equal(written[100..200], await store.GetBytesAsync("k", ByteRange.Slice(100, 100), Ct));
            Assert.Equal(written, await store.GetBytesAsync("k", ct: Ct));
        }

        index.Fails = null;
        await f.Storage.FlushAsync(Ct);
        await f.Store.GetBytesAsync("k", ct: Ct);
        await f.Storage.FlushAsync(Ct);
        int requests = f.Origin.Requests.Count;
        Assert.Equal(written, await f.Store.GetBytesAsync("k", ct: Ct));
        Assert.Equal(requests, f.Origin.Requests.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_could_not_be_deleted_with_its_prefix_is_not_served(bool indexFails)
    {
        FailingIndex? index = null;
        await using var f = new CacheFixture(wrapIndex: inner => index = new FailingIndex(inner));
        await f.WarmAsync("u/c/0", 5000);
        byte[] beside = await f.WarmAsync("v/c/0", 5000);
        index!.Fails = operation => indexFails && operation is "DeletePrefix" or "Delete";
        f.Chunks.BeforeErasePrefix = _ => indexFails ? Task.CompletedTask : throw new StoreException("The test's disk fails.");
        await Assert.ThrowsAnyAsync<ZarrCacheException>(async () => await f.Store.ErasePrefixAsync("u/", Ct));
        Assert.Null(await f.Store.GetBytesAsync("u/c/0", ct: Ct));
        await using (IndexedCacheStorage other = f.OpenAgain())
        await using (var store = new CachedStore(f.Origin, "s", other))
        {
            Assert.Null(await store.GetBytesAsync("u/c/0", ct: Ct));
        }

        // Nothing is cached below the prefix until all is gone, and the rest is as before.
        byte[] written = CacheFixture.Bytes(4000, seed: 2);
        await f.Origin.SetAsync("u/c/0", written, Ct);
        await f.Storage.DeleteAsync("s", "u/c/0", Ct);
        Assert.Equal(written, await f.Store.GetBytesAsync("u/c/0", ct: Ct));
        Assert.Equal(beside, await f.Store.GetBytesAsync("v/c/0", ct: Ct));
        await f.Storage.FlushAsync(Ct);
        Assert.Null(await f.Storage.FindAsync("s", "u/c/0", Ct));

        index.Fails = null;
        f.Chunks.BeforeErasePrefix = null;
        await f.Store.GetBytesAsync("u/c/0", ct: Ct);
        await f.Storage.FlushAsync(Ct);
        int requests = f.Origin.Requests.Count;
        Assert.Equal(written, await f.Store.GetBytesAsync("u/c/0", ct: Ct));
        Assert.Equal(beside, await f.Store.GetBytesAsync("v/c/0", ct: Ct));
        Assert.Equal(requests, f.Origin.Requests.Count);
    }

    [Fact]
    public async Task A_file_that_could_not_be_removed_is_removed_when_the_cache_is_closed()
    {
        await using var f = new CacheFixture();
        await f.WarmAsync("k", 5000);
        f.Chunks.BeforeErase = _ => throw new StoreException("The test's disk fails.");
        await f.Storage.DeleteAsync("s", "k", Ct);
        Assert.Equal(1, await f.Chunks.CountAsync(ct: Ct));
        f.Chunks.BeforeErase = null;
        await f.Storage.DisposeAsync();
        Assert.Equal(0, await f.Chunks.CountAsync(ct: Ct));
    }

    [Fact]
    public async Task Options_out_of_range_are_refused_by_name_and_rule()
    {
        await using var index = new MemoryStoreIndex();
        foreach ((IndexedCacheStorageOptions options, string name) in ((IndexedCacheStorageOptions, string)[])
        [
            (new IndexedCacheStorageOptions { MaxSize = 0 }, "MaxSize"),
            (new IndexedCacheStorageOptions { MaxSize = -5 }, "MaxSize"),
            (new IndexedCacheStorageOptions { MaxSize = 1, MaxEntries = 0 }, "MaxEntries"),
            (new IndexedCacheStorageOptions { MaxSize = 1, QueueSize = 0 }, "QueueSize"),
            (new IndexedCacheStorageOptions { MaxSize = 1, Writers = 0 }, "Writers"),
            (new IndexedCacheStorageOptions { MaxSize = 1, WhenQueueFull = (QueueFullMode)9 }, "WhenQueueFull"),
        ])
        {
            var error = Assert.Throws<ArgumentOutOfRangeException>(() => new IndexedCacheStorage(index, MemoryStore.Opener(), options));
            Assert.Contains($"{name} is ", error.Message);
        }
    }
}
