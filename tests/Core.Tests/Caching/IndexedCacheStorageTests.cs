using Xunit;

namespace ZarrCache.Core.Tests.Caching;

/// <summary>What goes beyond the suite of cache storages: the queue, the faults of index and disk, the check of files against rows.</summary>
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

    [Fact]
    public async Task The_check_finds_and_mends_orphans_dangling_rows_and_damage()
    {
        await using var f = new CacheFixture();
        await f.Storage.SweepCompletion;
        await f.WarmAsync("good", 5000, seed: 1);
        await f.WarmAsync("gone", 5000, seed: 2);
        await f.WarmAsync("flipped", (1 << 20) + 50, seed: 3);
        await f.Chunks.RemoveAsync("gone");
        byte[] bad = await f.Chunks.PeekAsync("flipped");
        bad[^1] ^= 1;
        await f.Chunks.DamageAsync("flipped", bad);
        await f.Chunks.DamageAsync("orphan", new byte[70]);
        f.Time.Advance(TimeSpan.FromMinutes(6));
        await f.Chunks.DamageAsync("young", new byte[70]);

        var findings = new List<CacheFinding>();
        void Found(CacheFinding finding)
        {
            lock (findings)
            {
                findings.Add(finding);
            }
        }

        CacheCheckReport report = await f.Storage.CheckAsync(new CacheCheckOptions { VerifyBytes = true }, Found, Ct);
        Assert.Equal((5, 3), (report.Files + report.Dangling, report.Rows));
        Assert.Equal((1, 70, 1, 1, 1), (report.Orphans, report.OrphanBytes, report.Dangling, report.Corrupt, report.Young));
        Assert.False(report.IsClean);
        Assert.Equal(["flipped", "gone", "orphan"], findings.Select(finding => finding.Key).Order());

        await f.Storage.CheckAsync(new CacheCheckOptions { VerifyBytes = true, Repair = true }, null, Ct);
        CacheCheckReport after = await f.Storage.CheckAsync(new CacheCheckOptions { VerifyBytes = true }, null, Ct);
        Assert.True(after.IsClean);
        Assert.Equal((1, 5000L), ((await f.Storage.GetTotalsAsync(null, Ct)).Count, (await f.Storage.GetTotalsAsync(null, Ct)).Bytes));
        Assert.Equal(2, await f.Chunks.CountAsync(ct: Ct));
    }

    [Fact]
    public async Task A_new_index_takes_over_what_a_record_vouches_for_and_nothing_else()
    {
        await using var old = new CacheFixture();
        byte[] value = await old.WarmAsync("u/c/0", 5000, seed: 1);
        await old.WarmAsync("u/c/1", 5000, seed: 2);
        await old.Chunks.DamageAsync("stranger", new byte[100]);
        byte[] cut = (await old.Chunks.PeekAsync("u/c/1"))[..^1];
        await old.Chunks.SetAsync("u/c/1", new(cut), await old.Chunks.GetRecordAsync("u/c/1", Ct), Ct);
        old.Time.Advance(TimeSpan.FromHours(1));

        await using var index = new MemoryStoreIndex();
        await using var storage = new IndexedCacheStorage(index, new OneStore(old.Chunks), new IndexedCacheStorageOptions { MaxSize = 1 << 20, TimeProvider = old.Time });
        await storage.SweepCompletion;
        await using var store = new CachedStore(old.Origin, "s", storage, new CachedStoreOptions { TimeProvider = old.Time });
        int requests = old.Origin.Requests.Count;
        Assert.Equal(value, await store.GetBytesAsync("u/c/0", ct: Ct));
        Assert.Equal(requests, old.Origin.Requests.Count);
        Assert.Equal((1, 5000L), ((await storage.GetTotalsAsync(null, Ct)).Count, (await storage.GetTotalsAsync(null, Ct)).Bytes));
        Assert.Equal(1, await old.Chunks.CountAsync(ct: Ct));
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

        index.Fails = null;
        await f.Storage.FlushAsync(Ct);
        await f.Store.GetBytesAsync("k", ct: Ct);
        await f.Storage.FlushAsync(Ct);
        int requests = f.Origin.Requests.Count;
        Assert.Equal(written, await f.Store.GetBytesAsync("k", ct: Ct));
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
    public async Task A_new_index_takes_over_a_value_and_not_the_parts_that_it_replaced()
    {
        await using var old = new CacheFixture();
        await old.GiveAsync("k", 5000);
        await using (ReadResult range = await old.Store.GetAsync("k", new ReadOptions(ByteRange.Slice(100, 200)), Ct))
        {
            await range.ReadAsync(new byte[200], Ct);
        }

        await old.Storage.FlushAsync(Ct);
        string part = Assert.Single(await old.Chunks.ListAsync(Ct).ToListAsync(Ct));
        byte[] bytes = await old.Chunks.PeekAsync(part);
        ReadOnlyMemory<byte> record = await old.Chunks.GetRecordAsync(part, Ct);
        await old.Storage.DeleteAsync("s", "k", Ct);
        await old.WarmAsync("k", 5000);
        await old.Chunks.SetAsync(part, new(bytes), record, Ct); // as if the process had been killed before it was removed
        old.Time.Advance(TimeSpan.FromHours(1));

        await using var index = new MemoryStoreIndex();
        await using var storage = new IndexedCacheStorage(index, new OneStore(old.Chunks), new IndexedCacheStorageOptions { MaxSize = 1 << 20, TimeProvider = old.Time });
        await storage.SweepCompletion;
        Assert.Equal((1, 5000L), ((await storage.GetTotalsAsync(null, Ct)).Count, (await storage.GetTotalsAsync(null, Ct)).Bytes));
        Assert.Equal(["k"], await old.Chunks.ListAsync(Ct).ToListAsync(Ct));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_new_index_takes_over_while_its_prefix_is_deleted_does_not_come_back(bool beforeFiles)
    {
        await using var old = new CacheFixture();
        await old.WarmAsync("u/c/0", 5000);
        old.Time.Advance(TimeSpan.FromHours(1));
        var looked = new TaskCompletionSource();
        var deleted = new TaskCompletionSource();
        old.Chunks.AfterRecord = async _ =>
        {
            looked.TrySetResult();
            await deleted.Task;
        };
        await using var index = new MemoryStoreIndex();
        await using var storage = new IndexedCacheStorage(index, new OneStore(old.Chunks), new IndexedCacheStorageOptions { MaxSize = 1 << 20, TimeProvider = old.Time });
        await looked.Task;
        if (beforeFiles)
        {
            old.Chunks.BeforeErasePrefix = async _ =>
            {
                deleted.TrySetResult();
                await storage.SweepCompletion;
            };
        }

        await storage.DeletePrefixAsync("s", "u/", Ct);
        deleted.TrySetResult();
        await storage.SweepCompletion;
        Assert.Equal(default, await storage.GetTotalsAsync(null, Ct));
        Assert.Equal(0, await old.Chunks.CountAsync(ct: Ct));
    }

    [Fact]
    public async Task The_sweep_comes_again_for_temporary_files_that_were_too_young_and_not_for_those_of_living_writers()
    {
        await using var f = new CacheFixture(options => options with { SweepWhenUnclean = false });
        await using var index = new MemoryStoreIndex();
        var confirmed = new TaskCompletionSource();
        var condition = new FailingIndex(index) { Fails = operation => operation == "ConfirmSwept" && confirmed.TrySetResult() && false };
        DateTimeOffset left = f.Time.GetUtcNow().AddMinutes(-1);
        var passes = new System.Collections.Concurrent.ConcurrentQueue<bool>();
        f.Chunks.OnTemporaries = age =>
        {
            DateTimeOffset now = f.Time.GetUtcNow();
            passes.Enqueue(confirmed.Task.IsCompleted);
            return new(0, now - left < age ? left : now); // a living writer always has one
        };
        await using var storage = new IndexedCacheStorage(condition, new OneStore(f.Chunks), new IndexedCacheStorageOptions { MaxSize = 1 << 20, TimeProvider = f.Time });
        await storage.SweepCompletion;
        Assert.False(confirmed.Task.IsCompleted);
        while (!confirmed.Task.IsCompleted)
        {
            f.Time.Advance(TimeSpan.FromMinutes(5)); // again and again, since the sweep may not have begun to wait
            await Task.Yield();
        }

        await storage.DisposeAsync();
        Assert.InRange(passes.Count, 2, 3);
        Assert.DoesNotContain(true, passes);
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

    private sealed class OneStore(IChunkStore store) : StoreOpener
    {
        public override IChunkStore Open(string storeId) => store;

        public override async IAsyncEnumerable<string> ListStoresAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
        {
            await Task.CompletedTask;
            yield return "s";
        }
    }
}
