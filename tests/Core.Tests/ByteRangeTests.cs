using Xunit;

namespace ZarrCache.Core.Tests;

public sealed class ByteRangeTests
{
    [Theory]
    [InlineData(0, 10, 0, 10)]
    [InlineData(3, 4, 3, 4)]
    [InlineData(3, 100, 3, 7)]
    [InlineData(9, long.MaxValue - 9, 9, 1)]
    public void A_slice_is_cut_off_at_the_end_of_the_object(long offset, long length, long expectedOffset, long expectedLength)
    {
        Assert.True(ByteRange.Slice(offset, length).TryResolve(10, out long resolvedOffset, out long resolvedLength));
        Assert.Equal((expectedOffset, expectedLength), (resolvedOffset, resolvedLength));
    }

    [Fact]
    public void A_suffix_longer_than_the_object_is_the_object()
    {
        Assert.Equal((0, 10), ByteRange.Suffix(11).Resolve("k", 10));
        Assert.Equal((7, 3), ByteRange.Suffix(3).Resolve("k", 10));
    }

    [Fact]
    public void A_range_without_a_byte_of_the_object_is_an_error_with_the_numbers_in_it()
    {
        var error = Assert.Throws<RangeNotSatisfiableException>(() => ByteRange.Slice(10, 5).Resolve("u/c/0", 10));
        Assert.Contains("bytes=10-14", error.Message);
        Assert.Contains("'u/c/0'", error.Message);
        Assert.Contains("10 bytes", error.Message);
        Assert.False(ByteRange.From(10).TryResolve(10, out _, out _));
        Assert.False(ByteRange.Suffix(1).TryResolve(0, out _, out _));
    }

    [Fact]
    public void All_of_an_empty_object_is_no_error() => Assert.Equal((0, 0), ByteRange.All.Resolve("k", 0));

    [Theory]
    [InlineData(-1, 5)]
    [InlineData(0, 0)]
    [InlineData(5, -3)]
    [InlineData(5, long.MaxValue)]
    public void A_slice_that_no_object_could_have_is_refused(long offset, long length) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ByteRange.Slice(offset, length));

    [Fact]
    public void A_range_spells_itself_as_HTTP_does()
    {
        Assert.Equal("bytes=10-19", ByteRange.Slice(10, 10).ToString());
        Assert.Equal("bytes=10-", ByteRange.From(10).ToString());
        Assert.Equal("bytes=-8", ByteRange.Suffix(8).ToString());
        Assert.Equal("", ByteRange.All.ToString());
    }
}
