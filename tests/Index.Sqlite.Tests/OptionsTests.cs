using Xunit;

namespace ZarrCache.Index.Sqlite.Tests;

public sealed class OptionsTests : IndexTest
{
    public static TheoryData<SqliteStoreIndexOptions, string> Refused => new()
    {
        { new() { WriterCacheBytes = 1000 }, "WriterCacheBytes is at least 1048576 bytes." },
        { new() { ReaderCacheBytes = -1 }, "ReaderCacheBytes is at least 65536 bytes." },
        { new() { MemoryMapBytes = -1 }, "MemoryMapBytes is at least 0 bytes." },
        { new() { MarkFlushCount = 0 }, "MarkFlushCount is at least 1 entries." },
        { new() { RememberedEntries = -1 }, "RememberedEntries is 0 for none, or at least 3 entries." },
        { new() { MarkFlushInterval = TimeSpan.Zero }, "MarkFlushInterval lies between 00:00:00.0010000 and 1.00:00:00." },
        { new() { BusyTimeout = TimeSpan.FromSeconds(-1) }, "BusyTimeout lies between 00:00:00 and 01:00:00." },
    };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public void An_option_out_of_range_is_refused_by_name_before_any_file_is_made(SqliteStoreIndexOptions options, string message)
    {
        ArgumentOutOfRangeException refusal = Assert.Throws<ArgumentOutOfRangeException>(() => Open(options));
        Assert.StartsWith(message, refusal.Message, StringComparison.Ordinal);
        Assert.Empty(System.IO.Directory.GetFileSystemEntries(Directory.Path));
    }

    [Fact]
    public async Task Nothing_is_remembered_where_that_is_switched_off()
    {
        await using SqliteStoreIndex index = Open(new() { RememberedEntries = 0 });
        await index.PushAsync(Value("a"), Ct);
        IndexEntry? first = await index.FindAsync(At("a"), Ct);
        Assert.NotNull(first);
        Assert.NotSame(first, await index.FindAsync(At("a"), Ct));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public void An_empty_path_is_refused(string path) => Assert.Throws<ArgumentException>(() => new SqliteStoreIndex(path));
}
