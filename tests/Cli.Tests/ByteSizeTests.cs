using Xunit;

namespace ZarrCache.Cli.Tests;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("4096", 4096)]
    [InlineData("1B", 1)]
    [InlineData("50GiB", 50L << 30)]
    [InlineData("50 gib", 50L << 30)]
    [InlineData("500MB", 500_000_000)]
    [InlineData("1.5TiB", 3L << 39)]
    [InlineData("0.5KB", 500)]
    [InlineData(" 2PiB ", 2L << 50)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void Sizes_are_read_as_people_write_them(string text, long bytes) => Assert.Equal(bytes, ByteSize.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("GiB")]
    [InlineData("5xx")]
    [InlineData("-5GiB")]
    [InlineData("5,5GiB")]
    [InlineData("1e3")]
    [InlineData("5 GiB MB")]
    public void What_is_no_size_is_refused_by_name(string text) =>
        Assert.Contains($"'{text}' is no size", Assert.Throws<FormatException>(() => ByteSize.Parse(text)).Message);

    [Theory]
    [InlineData("9223372036854775808")]
    [InlineData("8192PiB")]
    public void A_size_beyond_63_bits_is_refused(string text) =>
        Assert.Contains("larger than any storage", Assert.Throws<FormatException>(() => ByteSize.Parse(text)).Message);

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.00 KiB")]
    [InlineData(15L << 20, "15.0 MiB")]
    [InlineData(500L << 30, "500 GiB")]
    public void Sizes_are_shown_with_three_digits(long bytes, string text) => Assert.Equal(text, ByteSize.Format(bytes));
}
