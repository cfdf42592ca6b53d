using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class CacheStorageSuite
{
    [Fact]
    public async Task What_was_read_longest_ago_is_given_up_first()
    {
        ICacheStorage storage = await NewAsync(4 * Unit);
        await PutInTurnAsync(storage, "a", "b", "c", "d");
        await AssertHitAsync(storage, "a");
        Assert.NotNull(await storage.FindAsync("s", "b", Ct)); // a look-up is no access
        await PutInTurnAsync(storage, "e");
        await AssertMissAsync(storage, "b");
        await PutInTurnAsync(storage, "f");
        await AssertMissAsync(storage, "c");
        foreach (string key in new[] { "a", "d", "e", "f" })
        {
            await AssertHitAsync(storage, key);
        }
    }

    [Fact]
    public async Task The_budget_is_one_for_all_stores()
    {
        ICacheStorage storage = await NewAsync(3 * Unit);
        foreach (string store in new[] { "a", "b", "c", "d" })
        {
            Assert.True(await PutAsync(storage, "k", store: store));
            await storage.FlushAsync(Ct);
        }

        await AssertMissAsync(storage, "k", "a");
        foreach (string store in new[] { "b", "c", "d" })
        {
            await AssertHitAsync(storage, "k", store: store);
        }
    }

    [Fact]
    public async Task The_budget_holds_whatever_is_put()
    {
        const long Budget = 10 * Unit;
        ICacheStorage storage = await NewAsync(Budget);
        var random = new Random(4);
        for (int i = 0; i < 200; i++)
        {
            Assert.True(await PutAsync(storage, $"k{random.Next(60)}", random.Next(3 * Unit), $"s{random.Next(3)}", version: i));
            if (i % 20 == 19)
            {
                await storage.FlushAsync(Ct);
                Assert.InRange((await storage.GetTotalsAsync(null, Ct)).AllocatedBytes, 1, Budget);
            }
        }
    }

    [Fact]
    public async Task A_value_larger_than_the_budget_is_declined_and_one_as_large_is_not()
    {
        ICacheStorage storage = await NewAsync(4 * Unit);
        await PutInTurnAsync(storage, "a");
        Assert.False(await PutAsync(storage, "large", (4 * Unit) + 1));
        await AssertMissAsync(storage, "large");
        await AssertHitAsync(storage, "a");
        Assert.True(await PutAsync(storage, "whole", 4 * Unit));
        await storage.FlushAsync(Ct);
        await AssertHitAsync(storage, "whole", 4 * Unit);
        await AssertMissAsync(storage, "a");
    }

    [Fact]
    public async Task A_replaced_value_makes_room_only_for_the_difference()
    {
        ICacheStorage storage = await NewAsync(4 * Unit);
        await PutInTurnAsync(storage, "a", "b");
        for (int version = 2; version < 12; version++)
        {
            Assert.True(await PutAsync(storage, "b", version: version));
            await storage.FlushAsync(Ct);
        }

        await AssertHitAsync(storage, "a");
        await AssertHitAsync(storage, "b", version: 11);
    }

    [Fact]
    public async Task A_hit_that_began_before_its_eviction_reads_the_right_bytes()
    {
        ICacheStorage storage = await NewAsync(4 << 20);
        await PutAsync(storage, "k", 3 << 20);
        await storage.FlushAsync(Ct);
        await using CacheHit? hit = await storage.GetAsync("s", "k", ByteRange.All, Ct);
        Assert.NotNull(hit);
        await PutAsync(storage, "other", 4 << 20);
        await storage.FlushAsync(Ct);
        await AssertMissAsync(storage, "k");
        AssertBytes(BytesOf("s", "k", 1, 3 << 20), await TakeAsync(hit));
    }
}
