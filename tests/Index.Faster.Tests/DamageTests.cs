using Xunit;

namespace ZarrCache.Index.Faster.Tests;

public sealed class DamageTests : IndexTest
{
    private const int Entries = 5_000;

    public static TheoryData<string> Files => ["checkpoint", "log.0", "log.0.sums", "table.*"];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_flipped_bit_is_met_and_the_file_is_named(string name)
    {
        await FillAsync(Entries);
        string file = Find(name);
        byte[] whole = await File.ReadAllBytesAsync(file, Ct);
        var random = new Random(name.Length);
        for (int i = 0; i < 25; i++)
        {
            byte[] damaged = [.. whole];
            damaged[random.Next(whole.Length)] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(file, damaged, Ct);
            await AssertMetAsync(file.EndsWith(".sums", StringComparison.Ordinal) ? file[..^5] : file);
            await File.WriteAllBytesAsync(file, whole, Ct);
            File.Delete(Path.Combine(IndexPath, "damaged"));
        }

        await using FasterStoreIndex index = Open();
        Assert.Equal(Entries, (await ListAsync(index)).Count);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_truncated_file_is_met_and_named(string name)
    {
        await FillAsync(Entries);
        string file = Find(name);
        using (FileStream stream = File.Open(file, FileMode.Open))
        {
            stream.SetLength(stream.Length / 2);
        }

        await AssertMetAsync(file);
    }

    [Theory]
    [InlineData("log.0")]
    [InlineData("log.0.sums")]
    [InlineData("table.*")]
    public async Task A_missing_file_is_met_and_named(string name)
    {
        await FillAsync(Entries);
        string file = Find(name);
        File.Delete(file);
        await AssertMetAsync(file);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_damaged_index_is_moved_aside_and_made_anew(string name)
    {
        await FillAsync(Entries);
        string file = Find(name);
        await File.WriteAllTextAsync(file, "This is no index.", Ct);
        await using FasterStoreIndex index = Open(Small with { RebuildIfCorrupt = true });
        Assert.Equal(IndexCondition.Created, index.Condition);
        Assert.Empty(await ListAsync(index));
        await index.PushAsync(Value("c/1"), Ct);
        Assert.NotNull(await index.FindAsync(At("c/1"), Ct));
        string aside = Assert.Single(Directory.GetDirectories(Temporary.Path, "index.corrupt-*"));
        Assert.True(File.Exists(Path.Combine(aside, Path.GetFileName(file))));
    }

    [Fact]
    public async Task Damage_that_is_met_later_is_told_and_the_next_who_opens_begins_anew()
    {
        await FillAsync(Entries);
        await using (FasterStoreIndex index = Open())
        {
            using (FileStream stream = File.Open(Find("log.0"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            {
                stream.Position = 8192;
                stream.Write(new byte[4096]); // in the beginning of the log, which is on disk
            }

            CacheFormatException damage = await Assert.ThrowsAsync<CacheFormatException>(() => ListAsync(index));
            Assert.Contains("log.0' of the index is damaged: the 4096 bytes at 8192 ", damage.Message, StringComparison.Ordinal);
            Assert.NotNull(await index.FindAsync(At($"c/{Entries - 1}"), Ct)); // what is whole is still found
        }

        Assert.Throws<CacheFormatException>(() => Open());
        await using FasterStoreIndex next = Open(Small with { RebuildIfCorrupt = true });
        Assert.Equal(IndexCondition.Created, next.Condition);
    }

    [Fact]
    public async Task A_newer_version_is_refused_and_left_as_it_is()
    {
        await FillAsync(10);
        string file = Find("checkpoint");
        byte[] bytes = await File.ReadAllBytesAsync(file, Ct);
        bytes[4] = 9;
        await File.WriteAllBytesAsync(file, bytes, Ct);
        CacheFormatException refusal = Assert.Throws<CacheFormatException>(() => Open(Small with { RebuildIfCorrupt = true }));
        Assert.Equal(
            $"The index '{IndexPath}' has version 9; this program knows versions up to 1. Use the newer ZarrCache that wrote it, or move the directory away to begin a new index.",
            refusal.Message);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(file, Ct));
        Assert.Empty(Directory.GetDirectories(Temporary.Path, "index.corrupt-*"));
    }

    private string Find(string name) => Assert.Single(Directory.GetFiles(IndexPath, name));

    /// <summary>Opening the index and reading all of it fails with the name of the file.</summary>
    private async Task AssertMetAsync(string file)
    {
        CacheFormatException damage = await Assert.ThrowsAsync<CacheFormatException>(async () =>
        {
            await using FasterStoreIndex index = Open();
            await ListAsync(index);
        });
        Assert.Contains($"'{file}", damage.Message, StringComparison.Ordinal);
    }
}
