using Xunit;

namespace ZarrCache.Core.Tests.Caching;

public sealed class CachedStoreWriteTests : IAsyncDisposable
{
    private readonly CacheFixture _f = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _f.DisposeAsync();

    [Fact]
    public async Task A_write_goes_to_the_origin_and_replaces_what_is_cached()
    {
        await _f.WarmAsync("k", 1000, seed: 1);
        byte[] now = CacheFixture.Bytes(1500, seed: 2);
        ObjectInfo info = await _f.Store.SetAsync("k", now, Ct);
        Assert.Equal(1500, info.Size);
        Assert.Equal(now, await _f.Origin.GetBytesAsync("k", ct: Ct));

        int requests = _f.Origin.Requests.Count;
        Assert.Equal(now, await _f.Store.GetBytesAsync("k", ct: Ct));
        await _f.Storage.FlushAsync(Ct);
        Assert.Equal(now, await _f.Store.GetBytesAsync("k", ct: Ct));
        Assert.Equal(requests, _f.Origin.Requests.Count);
        Assert.Equal(1500, (await _f.Storage.GetTotalsAsync("s", Ct)).Bytes);
    }

    [Fact]
    public async Task A_write_of_what_was_not_cached_adds_nothing_and_ends_a_remembered_absence()
    {
        Assert.Null(await _f.Store.GetBytesAsync("k", ct: Ct));
        await _f.Storage.FlushAsync(Ct);
        byte[] now = CacheFixture.Bytes(100);
        await _f.Store.SetAsync("k", now, Ct);
        await _f.Storage.FlushAsync(Ct);
        Assert.Equal(0, (await _f.Storage.GetTotalsAsync(null, Ct)).Count);
        Assert.Equal(now, await _f.Store.GetBytesAsync("k", ct: Ct));
    }

    [Fact]
    public async Task A_fetch_that_began_before_a_write_is_delivered_and_not_cached()
    {
        byte[] old = await _f.GiveAsync("k", 1000, seed: 1);
        var open = new TaskCompletionSource();
        var asked = new TaskCompletionSource();
        _f.Origin.BeforeBytes = async (_, _, _) =>
        {
            asked.TrySetResult();
            await open.Task;
        };
        Task<byte[]?> early = _f.Store.GetBytesAsync("k", ct: Ct).AsTask();
        await asked.Task;

        byte[] now = CacheFixture.Bytes(1000, seed: 2);
        await _f.Store.SetAsync("k", now, Ct);
        open.SetResult();
        Assert.Equal(old, await early);
        await _f.Storage.FlushAsync(Ct);
        Assert.Equal(now, await _f.Store.GetBytesAsync("k", ct: Ct));
        Assert.Equal(now, await _f.Store.GetBytesAsync("k", ct: Ct));
    }

    [Fact]
    public async Task A_write_that_the_origin_refuses_forgets_what_was_cached()
    {
        byte[] old = await _f.WarmAsync("k", 1000, seed: 1);
        await using var store = new CachedStore(new ReadOnlyOrigin(_f.Origin), "s", _f.Storage);
        await Assert.ThrowsAsync<StoreException>(async () => await store.SetAsync("k", CacheFixture.Bytes(10), Ct));
        Assert.Null(await _f.Storage.FindAsync("s", "k", Ct));
        Assert.Equal(old, await store.GetBytesAsync("k", ct: Ct));
    }

    [Fact]
    public async Task Erasing_drops_what_is_cached()
    {
        await _f.WarmAsync("k", 1000);
        Assert.True(await _f.Store.EraseAsync("k", Ct));
        Assert.False(await _f.Store.EraseAsync("k", Ct));
        Assert.Null(await _f.Store.GetBytesAsync("k", ct: Ct));
    }

    [Fact]
    public async Task Erasing_a_prefix_drops_what_is_cached_below_it()
    {
        await _f.WarmAsync("a/x", 10, seed: 1);
        byte[] other = await _f.WarmAsync("ab/x", 10, seed: 2);
        await _f.Store.ErasePrefixAsync("a/", Ct);
        Assert.Null(await _f.Store.GetBytesAsync("a/x", ct: Ct));
        int requests = _f.Origin.Requests.Count;
        Assert.Equal(other, await _f.Store.GetBytesAsync("ab/x", ct: Ct));
        Assert.Equal(requests, _f.Origin.Requests.Count);
    }

    [Fact]
    public async Task Writing_a_document_that_changes_its_node_drops_what_is_cached_below()
    {
        await _f.WarmAsync("u/c/0", 10);
        byte[] document = await _f.WarmAsync("u/zarr.json", 100, seed: 1);
        await _f.Store.SetAsync("u/zarr.json", document, Ct);
        await _f.Storage.FlushAsync(Ct);
        Assert.NotNull(await _f.Storage.FindAsync("s", "u/c/0", Ct));
        await _f.Store.SetAsync("u/zarr.json", CacheFixture.Bytes(100, seed: 2), Ct);
        await _f.Storage.FlushAsync(Ct);
        Assert.Null(await _f.Storage.FindAsync("s", "u/c/0", Ct));
    }

    private sealed class ReadOnlyOrigin(IZarrStore inner) : ForwardingZarrStore(inner)
    {
        public override ValueTask<ObjectInfo> SetAsync(string key, System.Buffers.ReadOnlySequence<byte> value, CancellationToken ct) => throw new StoreException("The origin is read-only.");
    }
}
