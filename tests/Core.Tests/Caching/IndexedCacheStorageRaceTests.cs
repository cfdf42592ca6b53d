using Xunit;

namespace ZarrCache.Core.Tests.Caching;

/// <summary>Names at the edge of what is allowed, and calls that meet: each began as a fault.</summary>
public sealed class IndexedCacheStorageRaceTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_prefix_that_leaves_no_room_for_the_names_of_parts_is_deleted_all_the_same()
    {
        await using var f = new CacheFixture();
        string node = string.Concat(Enumerable.Repeat(new string('n', 202) + "/", 5));
        Assert.Equal(1015, node.Length);
        await f.WarmAsync(node + "zarr.json", 10);
        Assert.Equal(1, (await f.Storage.DeletePrefixAsync("s", node, Ct)).Count);
        Assert.Equal(0, (await f.Storage.GetTotalsAsync(null, Ct)).Count);
        Assert.Equal(0, await f.Chunks.CountAsync(ct: Ct));
    }

    [Theory]
    [InlineData("__parts__/p/u/@0.5")]
    [InlineData("__parts__/p/u/.@0.5")]
    [InlineData("__parts__/p/..@0.5")]
    public async Task A_file_whose_name_stands_for_no_key_is_swept_and_does_not_end_the_sweep(string name)
    {
        await using var f = new CacheFixture(options => options with { SweepWhenUnclean = false });
        await f.Chunks.DamageAsync(name, new byte[10]);
        byte[] value = await f.WarmAsync("k", 100);
        f.Time.Advance(TimeSpan.FromHours(1));
        CacheCheckReport report = await f.Storage.CheckAsync(new CacheCheckOptions { Repair = true }, null, Ct);
        Assert.Equal((2L, 1L), (report.Files, report.Orphans));
        Assert.Equal(1, await f.Chunks.CountAsync(ct: Ct));
        Assert.Equal(value, await f.Store.GetBytesAsync("k", ct: Ct));
    }

    [Fact]
    public async Task A_file_that_cannot_be_removed_does_not_end_the_sweep()
    {
        await using var f = new CacheFixture(options => options with { SweepWhenUnclean = false });
        await f.Chunks.DamageAsync("stuck", new byte[10]);
        await f.Chunks.DamageAsync("loose", new byte[10]);
        f.Time.Advance(TimeSpan.FromHours(1));
        f.Chunks.BeforeErase = key => key == "stuck" ? throw new StoreException("'stuck' cannot be erased: the test's disk says no.") : Task.CompletedTask;
        CacheCheckReport report = await f.Storage.CheckAsync(new CacheCheckOptions { Repair = true }, null, Ct);
        Assert.Equal((2L, 2L, 1L), (report.Files, report.Orphans, report.Unreadable));
        Assert.Equal(1, await f.Chunks.CountAsync(ct: Ct));
    }

    [Fact]
    public async Task A_store_that_is_closed_between_look_up_and_read_is_opened_again()
    {
        await using var f = new CacheFixture();
        byte[] value = await f.WarmAsync("k", 100);
        f.Chunks.BeforeRead = async _ =>
        {
            f.Chunks.BeforeRead = null;
            await f.Storage.CloseStoreAsync("s", Ct);
            throw new ObjectDisposedException("s");
        };
        int requests = f.Origin.Requests.Count;
        Assert.Equal(value, await f.Store.GetBytesAsync("k", ct: Ct));
        Assert.Equal(requests, f.Origin.Requests.Count);
    }

    [Fact]
    public async Task A_store_that_two_open_at_once_leaves_nothing_open()
    {
        string[] prefixes = ["a/", "b/"];
        using var opener = new MeetingOpener(prefixes.Length);
        await using var index = new MemoryStoreIndex();
        await using (var storage = new IndexedCacheStorage(index, opener, new IndexedCacheStorageOptions { MaxSize = 1L << 30 }))
        {
            await Task.WhenAll(prefixes.Select(prefix => Task.Run(async () => await storage.DeletePrefixAsync("s", prefix, Ct))));
            Assert.Equal(prefixes.Length, opener.Opened);
        }

        Assert.Equal(0, opener.Opened);
    }

    [Fact]
    public async Task What_is_put_while_its_prefix_is_deleted_keeps_no_row_without_a_file()
    {
        await using var f = new CacheFixture();
        await f.WarmAsync("u/0", 100, seed: 1);
        byte[] value = await f.GiveAsync("u/1", 100, seed: 2);
        f.Chunks.BeforeErasePrefix = async _ =>
        {
            await f.Store.GetBytesAsync("u/1", ct: Ct);
            await f.Storage.FlushAsync(Ct);
        };
        await f.Storage.DeletePrefixAsync("s", "u/", Ct);
        Assert.Equal(0, (await f.Storage.CheckAsync(new CacheCheckOptions(), null, Ct)).Dangling);
        f.Chunks.BeforeErasePrefix = null;
        Assert.Equal(value, await f.Store.GetBytesAsync("u/1", ct: Ct));
        await f.Storage.FlushAsync(Ct);
        Assert.NotNull(await f.Index.FindAsync(new EntryKey("s", "u/1"), Ct));
    }

    [Fact]
    public async Task What_is_evicted_between_look_up_and_read_is_a_miss_and_no_damage()
    {
        await using var f = new CacheFixture();
        byte[] value = await f.WarmAsync("k", 100);
        f.Chunks.BeforeRead = async _ =>
        {
            f.Chunks.BeforeRead = null;
            await f.Storage.DeleteAsync("s", "k", Ct);
        };
        Assert.Equal(value, await f.Store.GetBytesAsync("k", ct: Ct));
        Assert.Equal(0, f.Storage.Counters.Corrupt);
    }

    /// <summary>Opens a store when so many want to open it; knows how many are open.</summary>
    private sealed class MeetingOpener(int callers) : StoreOpener, IDisposable
    {
        private readonly Barrier _all = new(callers);
        private int _opened;

        public int Opened => Volatile.Read(ref _opened);

        public override IChunkStore Open(string storeId)
        {
            _all.SignalAndWait(Ct);
            Interlocked.Increment(ref _opened);
            return new Counted(this);
        }

        public override IAsyncEnumerable<string> ListStoresAsync(CancellationToken ct) => AsyncEnumerable.Empty<string>();

        public void Dispose() => _all.Dispose();

        private sealed class Counted(MeetingOpener opener) : TestChunkStore(new MemoryStore())
        {
            public override ValueTask DisposeAsync()
            {
                Interlocked.Decrement(ref opener._opened);
                return base.DisposeAsync();
            }
        }
    }
}
