using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class StoreIndexSuite
{
    [Theory]
    [InlineData(0, 9, "")]
    [InlineData(0, 10, "")]
    [InlineData(0, 11, "10")]
    [InlineData(9, 2, "10")]
    [InlineData(10, 1, "10")]
    [InlineData(10, 10, "10")]
    [InlineData(19, 1, "10")]
    [InlineData(19, 2, "10 20")]
    [InlineData(15, 5, "10")]
    [InlineData(15, 10, "10 20")]
    [InlineData(20, 1, "20")]
    [InlineData(29, 1, "20")]
    [InlineData(30, 10, "")]
    [InlineData(29, 11, "20")]
    [InlineData(29, 12, "20 40")]
    [InlineData(0, 1000, "10 20 40")]
    [InlineData(50, 1000, "")]
    [InlineData(49, long.MaxValue - 49, "40")]
    public async Task Parts_are_found_by_the_bytes_that_they_share(long offset, long length, string offsets)
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(
            index, Part("k", 40, 10), Part("k", 10, 10), Part("k", 20, 10), Value("k", 60), Part("k0", 0, 60), Part("k/0", 0, 60), Part("j", 0, 60), Part("k", 0, 60, "t"));
        Assert.Equal(offsets, string.Join(' ', (await index.FindPartsAsync("s", "k", offset, length, Ct)).Select(part => part.Offset)));
    }

    [Fact]
    public async Task A_part_at_the_beginning_of_its_object_is_no_value()
    {
        IStoreIndex index = await NewAsync();
        IndexEntry part = Part("k", 0, 10);
        await index.PushAsync(part, Ct);
        Assert.Null(await index.FindAsync(At("k"), Ct));
        AssertSame(part, await index.FindAsync(At("k", offset: 0), Ct));
        await PushAllAsync(index, Value("k", 20), Absent("k"));
        AssertSame(part, await index.FindAsync(At("k", offset: 0), Ct));
        Assert.Equal(2, (await index.GetTotalsAsync(null, Ct)).Count);
    }

    [Fact]
    public async Task A_part_replaces_the_part_at_its_offset()
    {
        IStoreIndex index = await NewAsync();
        IndexEntry first = Part("k", 5, 10);
        IndexEntry second = Part("k", 5, 3);
        await index.PushAsync(first, Ct);
        AssertSame(first, await index.PushAsync(second, Ct));
        AssertSame(second, Assert.Single(await index.FindPartsAsync("s", "k", 0, 100, Ct)));
        Assert.Equal(new IndexTotals(1, 3, 3, 0), await index.GetTotalsAsync("s", Ct));
    }

    [Fact]
    public async Task Parts_at_the_end_of_the_largest_object_are_found()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Part("k", long.MaxValue - 10, 10), Part("k", 1L << 40, 1L << 40));
        Assert.Equal(long.MaxValue - 10, Assert.Single(await index.FindPartsAsync("s", "k", long.MaxValue - 1, 1, Ct)).Offset);
        Assert.Equal(1L << 40, Assert.Single(await index.FindPartsAsync("s", "k", (1L << 41) - 1, 1, Ct)).Offset);
        Assert.Empty(await index.FindPartsAsync("s", "k", 1L << 41, 100, Ct));
    }

    [Fact]
    public async Task One_part_is_found_among_thousands()
    {
        IStoreIndex index = await NewAsync();
        await index.PushManyAsync(Enumerable.Range(0, 3_000).Select(i => Part("k", i * 10L, 8)).ToArray(), Ct);
        Assert.Equal([14_990, 15_000, 15_010], (await index.FindPartsAsync("s", "k", 14_997, 14, Ct)).Select(part => part.Offset));
        Assert.Empty(await index.FindPartsAsync("s", "k", 14_998, 2, Ct));
    }
}
