using Xunit;
using ZarrCache.Conformance;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Core.Tests.Caching;

/// <summary>Files held against rows: the check, the sweep that follows an unclean stop, and what an index that was made anew takes over.</summary>
public sealed class CacheSweepTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

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
    public async Task A_sweep_that_failed_is_tried_again()
    {
        await using var old = new CacheFixture();
        await old.WarmAsync("u/c/0", 5000);
        await using var index = new MemoryStoreIndex();
        var failing = new FailingIndex(index) { Fails = operation => operation == "ListStores" };
        await using var storage = new IndexedCacheStorage(failing, new OneStore(old.Chunks), new IndexedCacheStorageOptions { MaxSize = 1 << 20, TimeProvider = old.Time });
        await storage.SweepCompletion;
        Assert.Equal(0, (await storage.GetTotalsAsync(null, Ct)).Count);

        failing.Fails = null;
        await AdvanceUntilAsync(old, TimeSpan.FromSeconds(1), async () => (await storage.GetTotalsAsync(null, Ct)).Count > 0);
        Assert.NotNull(await storage.FindAsync("s", "u/c/0", Ct));
    }

    [Fact]
    public async Task A_check_goes_on_when_its_store_is_closed_meanwhile()
    {
        using var directory = new TemporaryDirectory();
        StoreOpener opener = FileSystemStore.Opener(directory["{store_id}.zarr"]);
        await using var origin = new MemoryStore();
        await using (var before = new MemoryStoreIndex())
        await using (var storage = new IndexedCacheStorage(before, opener, 1 << 20))
        await using (var store = new CachedStore(origin, "s", storage))
        {
            foreach (int i in Enumerable.Range(0, 50))
            {
                await origin.SetAsync($"u/c/{i}/0", new byte[] { (byte)i }, Ct);
                await store.GetBytesAsync($"u/c/{i}/0", ct: Ct);
            }
        }

        await using var inner = new MemoryStoreIndex();
        var index = new FailingIndex(inner);
        await using var again = new IndexedCacheStorage(index, opener, new IndexedCacheStorageOptions { MaxSize = 1 << 20, SweepWhenUnclean = false });
        var closings = new System.Collections.Concurrent.ConcurrentQueue<Task>();
        index.Fails = operation =>
        {
            if (operation is "Find" or "Push")
            {
                closings.Enqueue(again.CloseStoreAsync("s", Ct).AsTask());
            }

            return false;
        };
        CacheCheckReport report = await again.CheckAsync(new CacheCheckOptions { Repair = true }, null, Ct);
        Assert.Equal((50, 50, 0), (report.Files, report.Adopted, report.Unreadable));
        Assert.True(closings.Count >= 50);
        await Task.WhenAll(closings);
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
    public async Task What_was_forgotten_before_a_sweep_came_to_it_is_not_taken_over()
    {
        await using var old = new CacheFixture();
        await old.WarmAsync("u/c/0", 5000);
        await using var index = new MemoryStoreIndex();
        await using var storage = new IndexedCacheStorage(index, new OneStore(old.Chunks), new IndexedCacheStorageOptions { MaxSize = 1 << 20, TimeProvider = old.Time, SweepWhenUnclean = false });
        await storage.DeleteAsync("s", "u/c/0", Ct); // its row is not there yet, its file is
        await storage.CheckAsync(new CacheCheckOptions { Repair = true }, null, Ct);
        Assert.Null(await storage.FindAsync("s", "u/c/0", Ct));
        Assert.Equal(0, await old.Chunks.CountAsync(ct: Ct));
    }

    [Fact]
    public async Task What_could_not_be_removed_when_it_was_forgotten_is_not_taken_over_either()
    {
        await using var old = new CacheFixture();
        await old.WarmAsync("u/c/0", 5000);
        await using var index = new MemoryStoreIndex();
        await using var storage = new IndexedCacheStorage(index, new OneStore(old.Chunks), new IndexedCacheStorageOptions { MaxSize = 1 << 20, TimeProvider = old.Time, SweepWhenUnclean = false });
        old.Chunks.BeforeErase = _ => throw new StoreException("The disk is read-only.");
        await Assert.ThrowsAsync<StoreException>(async () => await storage.DeleteAsync("s", "u/c/0", Ct));
        await storage.CheckAsync(new CacheCheckOptions { Repair = true }, null, Ct);
        Assert.Null(await storage.FindAsync("s", "u/c/0", Ct));

        old.Chunks.BeforeErase = null;
        await storage.DeleteAsync("s", "u/c/0", Ct);
        Assert.Equal(0, await old.Chunks.CountAsync(ct: Ct));
    }

    [Fact]
    public async Task Once_a_sweep_is_confirmed_nothing_is_taken_over_any_more()
    {
        await using var f = new CacheFixture();
        await f.Storage.SweepCompletion;
        await f.WarmAsync("u/c/0", 5000);
        byte[] bytes = await f.Chunks.PeekAsync("u/c/0");
        ReadOnlyMemory<byte> record = await f.Chunks.GetRecordAsync("u/c/0", Ct);
        await f.Storage.DeleteAsync("s", "u/c/0", Ct);
        await f.Chunks.SetAsync("u/c/0", new(bytes), record, Ct); // as if its removal had been lost
        f.Time.Advance(TimeSpan.FromHours(1));
        CacheCheckReport report = await f.Storage.CheckAsync(new CacheCheckOptions { Repair = true }, null, Ct);
        Assert.Equal(0, report.Adopted);
        Assert.Equal(1, report.Orphans);
        Assert.Equal(0, await f.Chunks.CountAsync(ct: Ct));
    }

    [Fact]
    public async Task What_an_eviction_gave_up_whose_answer_was_lost_is_swept()
    {
        FailingIndex failing = null!;
        await using var f = new CacheFixture(options => options with { MaxSize = 10_000 }, wrapIndex: index => failing = new FailingIndex(index));
        await f.Storage.SweepCompletion;
        await f.WarmAsync("u/c/0", 6000, seed: 1);
        f.Time.Advance(TimeSpan.FromHours(1));
        (failing.Fails, failing.IsLate) = (operation => operation == "Pop", true);
        await f.WarmAsync("u/c/1", 6000, seed: 2); // is read, and not cached
        Assert.Equal(0, (await f.Storage.GetTotalsAsync(null, Ct)).Count);
        Assert.Equal(1, await f.Chunks.CountAsync(ct: Ct));

        failing.Fails = null;
        await AdvanceUntilAsync(f, TimeSpan.FromMinutes(1), async () => await f.Chunks.CountAsync(ct: Ct) == 0);
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

    /// <summary>Lets the clock go on, step by step, until what is done in the background is done; fails after half a minute.</summary>
    private static async Task AdvanceUntilAsync(CacheFixture fixture, TimeSpan step, Func<Task<bool>> isDone)
    {
        using var watchdog = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        watchdog.CancelAfter(TimeSpan.FromSeconds(30));
        while (!await isDone())
        {
            fixture.Time.Advance(step);
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, watchdog.Token);
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
