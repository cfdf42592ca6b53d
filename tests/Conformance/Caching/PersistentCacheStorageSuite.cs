using Xunit;

namespace ZarrCache.Conformance;

/// <summary>What an <see cref="ICacheStorage"/> must do besides, if its content outlives the instance.</summary>
public abstract class PersistentCacheStorageSuite : CacheStorageSuite
{
    /// <summary>A storage of what <see cref="CacheStorageSuite.CreateAsync"/> made last, and that was disposed of; the suite disposes of this one too.</summary>
    protected abstract ValueTask<ICacheStorage> ReopenAsync(long maxSize);

    [Fact]
    public async Task Disposing_writes_what_waits()
    {
        ICacheStorage storage = await NewAsync();
        for (int i = 0; i < 50; i++)
        {
            Assert.True(await PutAsync(storage, $"u/c/{i}"));
        }

        await PutAbsentAsync(storage, "u/c/50");
        await storage.DisposeAsync();
        storage = Keep(await ReopenAsync(Plenty));
        for (int i = 0; i < 50; i++)
        {
            await AssertHitAsync(storage, $"u/c/{i}");
        }

        Assert.Equal(EntryKind.Absent, (await storage.FindAsync("s", "u/c/50", Ct))?.Kind);
        Assert.Equal((51, 50L * Unit), Sizes(await storage.GetTotalsAsync("s", Ct)));
    }

    [Fact]
    public async Task What_was_deleted_or_replaced_stays_so_after_reopening()
    {
        ICacheStorage storage = await NewAsync();
        await PutInTurnAsync(storage, "a", "b", "p/c");
        await PutAsync(storage, "a", version: 2);
        await storage.DeleteAsync("s", "b", Ct);
        await storage.DeletePrefixAsync("s", "p/", Ct);
        await storage.DisposeAsync();
        storage = Keep(await ReopenAsync(Plenty));
        await AssertHitAsync(storage, "a", version: 2);
        await AssertMissAsync(storage, "b");
        await AssertMissAsync(storage, "p/c");
        Assert.Equal((1, Unit), Sizes(await storage.GetTotalsAsync(null, Ct)));
    }

    [Fact]
    public async Task A_smaller_budget_is_reached_with_the_next_put()
    {
        ICacheStorage storage = await NewAsync(8 * Unit);
        await PutInTurnAsync(storage, "a", "b", "c", "d");
        await storage.DisposeAsync();
        storage = Keep(await ReopenAsync(2 * Unit));
        await PutInTurnAsync(storage, "e");
        Assert.InRange((await storage.GetTotalsAsync(null, Ct)).AllocatedBytes, Unit, 2 * Unit);
        await AssertMissAsync(storage, "a");
        await AssertHitAsync(storage, "e");
    }

    [Fact]
    public async Task Parts_are_there_after_reopening()
    {
        ICacheStorage storage = await NewAsync();
        await PutPartsAsync(storage, (0, 1), (2, 2), (8, 2));
        await PutPartsAsync(storage, "doomed", 1, (0, 1));
        await storage.DeleteAsync("s", "doomed", Ct);
        await storage.DisposeAsync();
        storage = Keep(await ReopenAsync(Plenty));
        await AssertPartsAsync(storage, "k", 1, (0, 1), (2, 2), (8, 2));
        Assert.Null(await storage.FindPartsAsync("s", "doomed", ByteRange.All, Ct));
        await PutPartsAsync(storage, (1, 2));
        await storage.FlushAsync(Ct);
        await AssertPartsAsync(storage, "k", 1, (0, 1), (1, 2), (8, 2));
        Assert.Equal((3, 5L * Unit), Sizes(await storage.GetTotalsAsync(null, Ct)));
    }
}
