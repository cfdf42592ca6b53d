using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class CacheStorageSuite
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_deleted_value_is_gone_and_stays_away(bool written)
    {
        ICacheStorage storage = await NewAsync();
        await PutAsync(storage, "k");
        await PutAsync(storage, "k/below");
        await PutAbsentAsync(storage, "absent");
        if (written)
        {
            await storage.FlushAsync(Ct);
        }

        Assert.True(await storage.DeleteAsync("s", "k", Ct));
        Assert.True(await storage.DeleteAsync("s", "absent", Ct));
        await AssertMissAsync(storage, "k");
        await AssertMissAsync(storage, "absent");
        await storage.FlushAsync(Ct);
        await AssertMissAsync(storage, "k");
        Assert.False(await storage.DeleteAsync("s", "k", Ct));
        await AssertHitAsync(storage, "k/below");
        Assert.Equal((1, Unit), Sizes(await storage.GetTotalsAsync(null, Ct)));
        await PutAsync(storage, "k", version: 2);
        await storage.FlushAsync(Ct);
        await AssertHitAsync(storage, "k", version: 2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_prefix_is_deleted_and_nothing_beside_it(bool written)
    {
        ICacheStorage storage = await NewAsync();
        string[] doomed = ["a/b", "a/b/c", "a/é"];
        string[] kept = ["a", "ab/c", "A/b", "b/a/b"];
        foreach (string key in doomed.Concat(kept))
        {
            await PutAsync(storage, key);
            await PutAsync(storage, key, store: "other");
        }

        await PutAbsentAsync(storage, "a/absent");
        if (written)
        {
            await storage.FlushAsync(Ct);
        }

        IndexTotals removed = await storage.DeletePrefixAsync("s", "a/", Ct);
        Assert.Equal((4, 3L * Unit, 1), (removed.Count, removed.Bytes, removed.AbsentCount));
        await storage.FlushAsync(Ct);
        foreach (string key in doomed.Append("a/absent"))
        {
            await AssertMissAsync(storage, key);
        }

        foreach (string key in kept)
        {
            await AssertHitAsync(storage, key);
        }

        foreach (string key in doomed.Concat(kept))
        {
            await AssertHitAsync(storage, key, store: "other");
        }

        Assert.Equal((kept.Length, (long)kept.Length * Unit), Sizes(await storage.GetTotalsAsync("s", Ct)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_empty_prefix_deletes_the_store_and_no_other(bool written)
    {
        ICacheStorage storage = await NewAsync();
        for (int i = 0; i < 20; i++)
        {
            await PutAsync(storage, $"u/c/{i}");
        }

        await PutAsync(storage, "u/c/0", store: "s/t");
        if (written)
        {
            await storage.FlushAsync(Ct);
        }

        Assert.Equal((20, 20L * Unit), Sizes(await storage.DeletePrefixAsync("s", "", Ct)));
        await storage.FlushAsync(Ct);
        await AssertMissAsync(storage, "u/c/0");
        Assert.Equal(default, await storage.GetTotalsAsync("s", Ct));
        await AssertHitAsync(storage, "u/c/0", store: "s/t");
    }

    [Fact]
    public async Task A_hit_that_began_before_its_deletion_reads_the_right_bytes()
    {
        ICacheStorage storage = await NewAsync();
        for (int written = 0; written < 2; written++)
        {
            await PutAsync(storage, "k", 3 << 20);
            if (written == 1)
            {
                await storage.FlushAsync(Ct);
            }

            await using CacheHit? hit = await storage.GetAsync("s", "k", ByteRange.From(1), Ct);
            Assert.NotNull(hit);
            await storage.DeleteAsync("s", "k", Ct);
            await storage.FlushAsync(Ct);
            AssertBytes(BytesOf("s", "k", 1, 3 << 20)[1..], await TakeAsync(hit));
        }
    }
}
