using Xunit;

namespace ZarrCache.Index.Faster.Tests;

public sealed class OptionsTests : IndexTest
{
    public static TheoryData<FasterStoreIndexOptions, string> Refused => new()
    {
        { new() { PageBytes = 1 << 15 }, "PageBytes is a power of two from 65536 to 33554432 bytes." },
        { new() { PageBytes = 100_000 }, "PageBytes is a power of two from 65536 to 33554432 bytes." },
        { new() { LogMemoryBytes = 2 << 20 }, "LogMemoryBytes is a power of two from four pages, 4194304 bytes, to 1099511627776 bytes." },
        { new() { LogMemoryBytes = 100_000_000 }, "LogMemoryBytes is a power of two from four pages, 4194304 bytes, to 1099511627776 bytes." },
        { new() { ExpectedKeys = 0 }, "ExpectedKeys lies between 1 and 10000000000 keys." },
        { new() { CheckpointInterval = TimeSpan.Zero }, "CheckpointInterval lies between 00:00:00.1000000 and 1.00:00:00." },
    };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public void An_option_out_of_range_is_refused_by_name_before_any_file_is_made(FasterStoreIndexOptions options, string message)
    {
        ArgumentOutOfRangeException refusal = Assert.Throws<ArgumentOutOfRangeException>(() => Open(options));
        Assert.StartsWith(message, refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Temporary.Path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public void An_empty_path_is_refused(string path) => Assert.Throws<ArgumentException>(() => new FasterStoreIndex(path));

    [Fact]
    public async Task An_entry_that_does_not_fit_into_a_page_is_refused_by_its_size()
    {
        await using FasterStoreIndex index = Open();
        IndexEntry large = Value("a") with { Checksums = BlockChecksums.FromBytes(new byte[8 * 9000]) };
        ZarrCacheException refusal = await Assert.ThrowsAsync<ZarrCacheException>(async () => await index.PushAsync(large, Ct));
        Assert.Contains("does not fit into a page of the index, which has 65536 bytes", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(default, await index.GetTotalsAsync(null, Ct));
        await index.PushAsync(Value("a"), Ct);
        Assert.NotNull(await index.FindAsync(At("a"), Ct));
    }
}
