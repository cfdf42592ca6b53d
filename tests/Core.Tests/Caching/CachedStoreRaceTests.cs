using System.Buffers;
using Xunit;

namespace ZarrCache.Core.Tests.Caching;

/// <summary>Interleavings that a test brings about on purpose: each began as a fault.</summary>
public sealed class CachedStoreRaceTests : IAsyncDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(20);

    private readonly CacheFixture _f = new(options: options => options with { ChunkTimeToLive = TimeSpan.FromHours(1) });

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _f.DisposeAsync();

    [Fact]
    public async Task Two_documents_of_a_node_that_change_at_once_do_not_lock_each_other_out()
    {
        await _f.WarmAsync("u/.zarray", 100, seed: 1);
        await _f.WarmAsync("u/.zattrs", 100, seed: 2);
        byte[] array = await _f.GiveAsync("u/.zarray", 100, seed: 3);
        byte[] attributes = await _f.GiveAsync("u/.zattrs", 100, seed: 4);
        _f.Time.Advance(TimeSpan.FromMinutes(11));

        // Both have come, and both are compared with what was cached, when the first goes on to drop the node.
        using var both = new Barrier(2);
        await using var store = new CachedStore(_f.Origin, "s", new MeetingStorage(_f.Storage, () => both.SignalAndWait(Watchdog, Ct)), new CachedStoreOptions { TimeProvider = _f.Time });
        Task<byte[]?> first = Task.Run(async () => await store.GetBytesAsync("u/.zarray", ct: Ct), Ct);
        Task<byte[]?> second = Task.Run(async () => await store.GetBytesAsync("u/.zattrs", ct: Ct), Ct);
        Assert.Equal(array, await first.WaitAsync(Watchdog, Ct));
        Assert.Equal(attributes, await second.WaitAsync(Watchdog, Ct));
    }

    [Theory]
    [InlineData("set")]
    [InlineData("erase")]
    [InlineData("erase prefix")]
    public async Task Of_two_writes_at_once_the_one_that_the_origin_forgot_is_not_cached(string other)
    {
        byte[] old = await _f.WarmAsync("u/c", 1000, seed: 1);
        var written = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        var origin = new SlowToAnswer(_f.Origin) { AfterWrite = async () => { written.TrySetResult(); await goOn.Task; } };
        await using var store = new CachedStore(origin, "s", _f.Storage);
        Task<ObjectInfo> early = store.SetAsync("u/c", CacheFixture.Bytes(1000, seed: 2), Ct).AsTask();
        await written.Task;
        origin.AfterWrite = null;
        Task late = other switch
        {
            "set" => store.SetAsync("u/c", CacheFixture.Bytes(1000, seed: 3), Ct).AsTask(),
            "erase" => store.EraseAsync("u/c", Ct).AsTask(),
            _ => store.ErasePrefixAsync("u/", Ct).AsTask(),
        };
        await late.WaitAsync(Watchdog, Ct);
        goOn.SetResult();
        await early;
        await _f.Storage.FlushAsync(Ct);
        Assert.Equal(await _f.Origin.GetBytesAsync("u/c", ct: Ct), await store.GetBytesAsync("u/c", ct: Ct));
        Assert.NotEqual(old, await store.GetBytesAsync("u/c", ct: Ct));

        // Writes that follow one another are cached as ever.
        await store.SetAsync("u/c", old, Ct);
        Assert.Equal(old, await store.GetBytesAsync("u/c", ct: Ct));
        await store.SetAsync("u/c", CacheFixture.Bytes(1000, seed: 4), Ct);
        Assert.NotNull(await _f.Storage.FindAsync("s", "u/c", Ct));
    }

    [Fact]
    public async Task Parts_that_changed_and_cannot_be_dropped_do_not_fail_the_read()
    {
        FailingIndex? index = null;
        await using var f = new CacheFixture(options: options => options with { ChunkTimeToLive = TimeSpan.FromHours(1) }, wrapIndex: inner => index = new FailingIndex(inner));
        await f.GiveAsync("k", 1000, seed: 1);
        await f.Store.GetBytesAsync("k", ByteRange.Slice(0, 100), Ct);
        await f.Storage.FlushAsync(Ct);
        byte[] now = await f.GiveAsync("k", 1000, seed: 2);
        f.Time.Advance(TimeSpan.FromHours(2));
        index!.Fails = operation => operation is "DeleteKey" or "Push" or "Pop" or "Delete";
        Assert.Equal(now[50..150], await f.Store.GetBytesAsync("k", ByteRange.Slice(50, 100), Ct));
    }

    [Fact]
    public async Task An_object_that_shrank_is_read_anew_where_the_origin_knows_no_tags()
    {
        var origin = new WithoutTags(_f.Origin);
        await using var store = new CachedStore(origin, "s", _f.Storage);
        await _f.GiveAsync("k", 1000, seed: 1);
        await store.GetBytesAsync("k", ByteRange.Slice(0, 100), Ct);
        await _f.Storage.FlushAsync(Ct);
        _f.Time.Advance(TimeSpan.FromMinutes(1));
        byte[] now = await _f.GiveAsync("k", 50, seed: 2);
        Assert.Equal(now[40..], await store.GetBytesAsync("k", ByteRange.Suffix(10), Ct));
    }

    [Fact]
    public async Task A_store_that_gives_no_byte_is_an_error_and_no_endless_loop()
    {
        await using var result = new Nothing();
        await Assert.ThrowsAsync<StoreException>(() => Task.Run(async () => await result.ReadAsync(new byte[10], Ct), Ct).WaitAsync(Watchdog, Ct));
    }

    /// <summary>Whoever looks up what is cached as a whole meets the other first.</summary>
    private sealed class MeetingStorage(ICacheStorage inner, Action meet) : ForwardingCacheStorage(inner)
    {
        public override ValueTask<IndexEntry?> FindAsync(string storeId, string key, CancellationToken ct)
        {
            meet();
            return base.FindAsync(storeId, key, ct);
        }
    }

    private sealed class SlowToAnswer(IZarrStore inner) : ForwardingZarrStore(inner)
    {
        public Func<Task>? AfterWrite { get; set; }

        public override async ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, CancellationToken ct)
        {
            ObjectInfo info = await base.SetAsync(key, value, ct);
            await (AfterWrite?.Invoke() ?? Task.CompletedTask);
            return info;
        }
    }

    /// <summary>Tells versions apart by Last-Modified alone, and answers 416 before it looks at conditions.</summary>
    private sealed class WithoutTags(IZarrStore inner) : ForwardingZarrStore(inner)
    {
        public override async ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
        {
            ReadResult result = await base.GetAsync(key, options with { IfMatch = null, IfNoneMatch = null }, ct);
            return result.Status == ReadStatus.Found ? new Untagged(result) : result;
        }

        private sealed class Untagged(ReadResult inner) : ReadResult(inner.Info with { ETag = null }, inner.Offset, inner.Length)
        {
            public override ValueTask DisposeAsync() => inner.DisposeAsync();

            protected override ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct) => inner.ReadSomeAsync(destination, ct);
        }
    }

    private sealed class Nothing() : ReadResult(new ObjectInfo(10, null, null), 0, 10)
    {
        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

        protected override ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct) => ct.IsCancellationRequested ? throw new OperationCanceledException(ct) : new(0);
    }
}
