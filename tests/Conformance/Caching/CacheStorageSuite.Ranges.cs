using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class CacheStorageSuite
{
    private const int Large = (2 << 20) + 777;

    public static TheoryData<string, ByteRange, int, int> Ranges => new()
    {
        { "all", ByteRange.All, 0, Large },
        { "from the start", ByteRange.From(0), 0, Large },
        { "from the middle of a block", ByteRange.From(1_500_000), 1_500_000, Large - 1_500_000 },
        { "from the last byte", ByteRange.From(Large - 1), Large - 1, 1 },
        { "one byte", ByteRange.Slice(5, 1), 5, 1 },
        { "within a block", ByteRange.Slice(1_100_000, 4_000), 1_100_000, 4_000 },
        { "one block", ByteRange.Slice(1 << 20, 1 << 20), 1 << 20, 1 << 20 },
        { "across blocks", ByteRange.Slice((1 << 20) - 3, 7), (1 << 20) - 3, 7 },
        { "across all blocks", ByteRange.Slice(1, Large - 2), 1, Large - 2 },
        { "past the end", ByteRange.Slice(Large - 10, 1L << 40), Large - 10, 10 },
        { "the last bytes", ByteRange.Suffix(8), Large - 8, 8 },
        { "the last two blocks", ByteRange.Suffix(1_000_000), Large - 1_000_000, 1_000_000 },
        { "a suffix longer than the object", ByteRange.Suffix(long.MaxValue), 0, Large },
    };

    [Theory]
    [MemberData(nameof(Ranges))]
    public async Task A_range_is_served_from_the_value(string what, ByteRange range, int offset, int length)
    {
        ICacheStorage storage = await NewAsync();
        await PutAsync(storage, "k", Large);
        byte[] expected = BytesOf("s", "k", 1, Large)[offset..(offset + length)];
        for (int written = 0; written < 2; written++)
        {
            for (int byPipe = 0; byPipe < 2; byPipe++)
            {
                CacheHit? hit = await storage.GetAsync("s", "k", range, Ct);
                Assert.True(hit is not null, what);
                await using (hit)
                {
                    Assert.Equal((offset, length, Large), (hit.Offset, hit.Length, hit.Info.Size));
                    AssertBytes(expected, byPipe == 1 ? await TakeByPipeAsync(hit) : await TakeAsync(hit));
                }
            }

            await storage.FlushAsync(Ct);
        }
    }

    [Fact]
    public async Task A_hit_is_read_in_pieces_of_any_size()
    {
        ICacheStorage storage = await NewAsync();
        await PutAsync(storage, "k", Large);
        byte[] expected = BytesOf("s", "k", 1, Large);
        for (int written = 0; written < 2; written++)
        {
            await using CacheHit? hit = await storage.GetAsync("s", "k", ByteRange.From(3), Ct);
            Assert.NotNull(hit);
            byte[] bytes = new byte[Large - 3];
            await hit.ReadAsync(bytes.AsMemory(0, 100), Ct);
            int read = 100;
            while (hit.Remaining > 0)
            {
                read += await hit.ReadSomeAsync(bytes.AsMemory(read, (int)Math.Min(300_001, hit.Remaining)), Ct);
            }

            Assert.Equal(bytes.Length, read);
            AssertBytes(expected[3..], bytes);
            await storage.FlushAsync(Ct);
        }
    }

    [Fact]
    public async Task A_range_without_a_byte_of_the_value_is_an_error()
    {
        ICacheStorage storage = await NewAsync();
        await PutAsync(storage, "ten", 10);
        await PutAsync(storage, "empty", 0);
        for (int written = 0; written < 2; written++)
        {
            RangeNotSatisfiableException error = await Assert.ThrowsAsync<RangeNotSatisfiableException>(() => ReadAsync(storage, "ten", range: ByteRange.From(10)));
            Assert.Equal(10, error.Size);
            await Assert.ThrowsAsync<RangeNotSatisfiableException>(() => ReadAsync(storage, "ten", range: ByteRange.Slice(1L << 40, 1)));
            await Assert.ThrowsAsync<RangeNotSatisfiableException>(() => ReadAsync(storage, "empty", range: ByteRange.Suffix(1)));
            await AssertHitAsync(storage, "ten", 10);
            await AssertHitAsync(storage, "empty", 0);
            await storage.FlushAsync(Ct);
        }
    }
}
