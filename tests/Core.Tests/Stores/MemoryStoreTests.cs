using Microsoft.Extensions.Time.Testing;
using Xunit;
using ZarrCache.Conformance;

namespace ZarrCache.Core.Tests.Stores;

public sealed class MemoryStoreTests : ChunkStoreSuite
{
    protected override ValueTask<IChunkStore> CreateChunkStoreAsync() => new(new MemoryStore());

    [Fact]
    public async Task A_value_is_dated_by_the_clock_that_was_handed_in()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var store = new MemoryStore(time);
        Assert.Equal(time.GetUtcNow(), (await store.SetAsync("k", new byte[1], Ct)).LastModified);
    }

    [Fact]
    public async Task The_opener_opens_one_store_for_each_id()
    {
        StoreOpener opener = MemoryStore.Opener();
        await opener.Open("a").SetAsync("b/c", new byte[] { 1 }, Ct);
        await opener.Open("a/b").SetAsync("c", new byte[] { 2 }, Ct);
        opener.Open("empty");
        Assert.Equal([1], await opener.Open("a").GetBytesAsync("b/c", ct: Ct));
        Assert.Equal(["a", "a/b"], (await opener.ListStoresAsync(Ct).ToListAsync(Ct)).Order(StringComparer.Ordinal));
        Assert.Throws<ArgumentException>(() => opener.Open("../a"));
    }
}
