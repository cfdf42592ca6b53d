using Xunit;

namespace ZarrCache.Index.Faster.Tests;

/// <summary>The part of a key that begins first, which every miss asks for: held against the enumeration that other indexes answer it with.</summary>
public sealed class FirstPartTests : IndexTest
{
    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(700)] // more than a leaf of the directory holds
    public async Task The_first_part_is_found_while_parts_come_and_go(int count)
    {
        await using FasterStoreIndex index = Open();
        await index.PushAsync(Value("k/0"), Ct);
        await index.PushAsync(Value("k"), Ct);
        Assert.Null(await FindAsync(index, "k"));
        Assert.Null(await FindAsync(index, "none"));
        int[] places = [.. Enumerable.Range(0, count)];
        new Random(9).Shuffle(places);
        for (int i = 0; i < count; i++)
        {
            await index.PushAsync(Part("k", places[i] * 100L, 100), Ct);
            Assert.Equal(places[..(i + 1)].Min() * 100L, (await FindAsync(index, "k"))!.Offset);
        }

        for (int i = 0; i < count; i++)
        {
            Assert.NotNull(await index.DeleteAsync(new EntryKey("s", "k", places[i] * 100L), null, Ct));
            Assert.Equal(i + 1 < count ? places[(i + 1)..].Min() * 100L : null, (await FindAsync(index, "k"))?.Offset);
        }
    }

    private static ValueTask<IndexEntry?> FindAsync(IFindsFirstPart index, string key) => index.FindFirstPartAsync("s", key, Ct);
}
