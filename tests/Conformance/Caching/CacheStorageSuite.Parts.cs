using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class CacheStorageSuite
{
    /// <summary>The size of the object that the parts of these facts are of.</summary>
    private protected const int ObjectSize = 10 * Unit;

    public static TheoryData<string, ByteRange, long[]> PartRanges => new()
    {
        { "all", ByteRange.All, [0, 2, 8] },
        { "from the middle of a part", ByteRange.From(3 * Unit), [2, 8] },
        { "from behind the last", ByteRange.From(ObjectSize - 1), [8] },
        { "the first byte", ByteRange.Slice(0, 1), [0] },
        { "a gap, exactly", ByteRange.Slice(Unit, Unit), [] },
        { "a gap and a byte on either side", ByteRange.Slice(Unit - 1, Unit + 2), [0, 2] },
        { "past the end", ByteRange.Slice(9 * Unit, 1L << 40), [8] },
        { "the last byte", ByteRange.Suffix(1), [8] },
        { "the last bytes, a gap among them", ByteRange.Suffix(7 * Unit), [2, 8] },
        { "a suffix longer than the object", ByteRange.Suffix(long.MaxValue), [0, 2, 8] },
        { "no byte of the object", ByteRange.From(ObjectSize), [] },
    };

    [Theory]
    [MemberData(nameof(PartRanges))]
    public async Task The_parts_that_a_range_touches_are_found_in_order(string what, ByteRange range, long[] offsets)
    {
        ICacheStorage storage = await NewAsync();
        await PutPartsAsync(storage, (8, 2), (0, 1), (2, 2));
        for (int written = 0; written < 2; written++)
        {
            CachedParts? found = await storage.FindPartsAsync("s", "k", range, Ct);
            Assert.True(found is not null, what);
            Assert.Equal((ObjectSize, true), (found.Info.Size, found.AreOneVersion));
            Assert.Equal(offsets.Select(offset => offset * Unit), found.Parts.Select(part => part.Offset));
            Assert.Null(await storage.FindPartsAsync("s", "k2", range, Ct));
            Assert.Null(await storage.FindPartsAsync("t", "k", range, Ct));
            await storage.FlushAsync(Ct);
        }
    }

    [Fact]
    public async Task A_part_is_read_as_it_was_put_whole_and_by_pieces_of_it()
    {
        ICacheStorage storage = await NewAsync();
        const int Part = 2 * Unit;
        await PutPartsAsync(storage, (0, 1), (2, 2));
        byte[] expected = BytesOf("s", "k", 1, ObjectSize);
        for (int written = 0; written < 2; written++)
        {
            IndexEntry part = Assert.Single((await storage.FindPartsAsync("s", "k", ByteRange.Slice(Part, 1), Ct))!.Parts);
            foreach ((int offset, int length) in ((int, int)[])[(Part, Part), (Part, 1), (Part + 7, 100), (Part + Part - 1, 1)])
            {
                CacheHit? hit = await storage.GetPartAsync(part, offset, length, Ct);
                Assert.NotNull(hit);
                await using (hit)
                {
                    Assert.Equal((offset, length, ObjectSize), (hit.Offset, hit.Length, hit.Info.Size));
                    AssertBytes(expected[offset..(offset + length)], written == 0 ? await TakeAsync(hit) : await TakeByPipeAsync(hit));
                }
            }

            await storage.FlushAsync(Ct);
        }
    }

    [Fact]
    public async Task A_range_that_begins_where_a_part_does_and_ends_within_it_is_a_hit_and_no_other()
    {
        ICacheStorage storage = await NewAsync();
        await PutPartsAsync(storage, (2, 2), (8, 2));
        await storage.FlushAsync(Ct);
        byte[] expected = BytesOf("s", "k", 1, ObjectSize);
        foreach ((ByteRange range, int offset, int length) in ((ByteRange, int, int)[])
            [(ByteRange.Slice(2 * Unit, 2 * Unit), 2 * Unit, 2 * Unit), (ByteRange.Slice(2 * Unit, 9), 2 * Unit, 9), (ByteRange.From(8 * Unit), 8 * Unit, 2 * Unit)])
        {
            byte[]? read = await ReadAsync(storage, "k", range: range);
            Assert.True(read is not null, range.ToString());
            AssertBytes(expected[offset..(offset + length)], read);
        }

        foreach (ByteRange range in (ByteRange[])[ByteRange.Slice(2 * Unit, (2 * Unit) + 1), ByteRange.From(2 * Unit), ByteRange.Slice(0, 1), ByteRange.All])
        {
            Assert.Null(await storage.GetAsync("s", "k", range, Ct));
        }

        Assert.Null(await storage.FindAsync("s", "k", Ct));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_part_takes_the_place_of_those_that_it_overlaps(bool written)
    {
        ICacheStorage storage = await NewAsync();
        await PutPartsAsync(storage, (0, 2), (2, 2), (5, 1), (6, 2));
        if (written)
        {
            await storage.FlushAsync(Ct);
        }

        await PutPartsAsync(storage, (1, 4));
        await AssertPartsAsync(storage, "k", 1, (1, 4), (5, 1), (6, 2));
        await storage.FlushAsync(Ct);
        await AssertPartsAsync(storage, "k", 1, (1, 4), (5, 1), (6, 2));
        Assert.Equal((3, 7L * Unit), Sizes(await storage.GetTotalsAsync("s", Ct)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_value_or_an_absence_takes_the_place_of_all_parts(bool written)
    {
        ICacheStorage storage = await NewAsync();
        foreach (string key in (string[])["value", "absence", "value/below"])
        {
            await PutPartsAsync(storage, key, 1, (0, 2), (5, 1));
        }

        if (written)
        {
            await storage.FlushAsync(Ct);
        }

        await PutAsync(storage, "value", version: 2);
        await PutAbsentAsync(storage, "absence");
        await storage.FlushAsync(Ct);
        Assert.Null(await storage.FindPartsAsync("s", "value", ByteRange.All, Ct));
        Assert.Null(await storage.FindPartsAsync("s", "absence", ByteRange.All, Ct));
        await AssertHitAsync(storage, "value", version: 2);
        Assert.Equal(EntryKind.Absent, (await storage.FindAsync("s", "absence", Ct))?.Kind);
        await AssertPartsAsync(storage, "value/below", 1, (0, 2), (5, 1));
        Assert.Equal((4, 4L * Unit), Sizes(await storage.GetTotalsAsync("s", Ct)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_delete_takes_the_parts_too(bool written)
    {
        ICacheStorage storage = await NewAsync();
        foreach (string key in (string[])["k", "p/a", "p/b", "pa"])
        {
            await PutPartsAsync(storage, key, 1, (0, 1), (5, 1));
        }

        if (written)
        {
            await storage.FlushAsync(Ct);
        }

        IndexEntry gone = (await storage.FindPartsAsync("s", "k", ByteRange.All, Ct))!.Parts[0];
        Assert.True(await storage.DeleteAsync("s", "k", Ct));
        Assert.Equal((4, 4L * Unit), Sizes(await storage.DeletePrefixAsync("s", "p/", Ct)));
        await storage.FlushAsync(Ct);
        foreach (string key in (string[])["k", "p/a", "p/b"])
        {
            Assert.Null(await storage.FindPartsAsync("s", key, ByteRange.All, Ct));
            Assert.Null(await storage.GetAsync("s", key, ByteRange.Slice(0, Unit), Ct));
        }

        Assert.Null(await storage.GetPartAsync(gone, 0, Unit, Ct));
        Assert.False(await storage.DeleteAsync("s", "k", Ct));
        await AssertPartsAsync(storage, "pa", 1, (0, 1), (5, 1));
        Assert.Equal((2, 2L * Unit), Sizes(await storage.GetTotalsAsync(null, Ct)));
    }

    [Fact]
    public async Task Parts_of_two_versions_are_known_to_be_such()
    {
        ICacheStorage storage = await NewAsync();
        await PutPartsAsync(storage, "k", 1, (0, 1));
        await PutPartsAsync(storage, "k", 2, (5, 1));
        for (int written = 0; written < 2; written++)
        {
            Assert.False((await storage.FindPartsAsync("s", "k", ByteRange.All, Ct))!.AreOneVersion);
            await storage.FlushAsync(Ct);
        }
    }

    [Fact]
    public async Task A_part_is_given_up_alone_the_one_read_longest_ago_first()
    {
        ICacheStorage storage = await NewAsync(4 * Unit);
        for (int i = 0; i < 4; i++)
        {
            await PutPartsAsync(storage, (i, 1));
            await storage.FlushAsync(Ct);
        }

        await AssertPartsAsync(storage, "k", 1, (0, 1), (1, 1), (2, 1), (3, 1)); // in this order, so that the first is the oldest
        IndexEntry first = (await storage.FindPartsAsync("s", "k", ByteRange.Slice(0, 1), Ct))!.Parts[0];
        await using (CacheHit? again = await storage.GetPartAsync(first, 0, 1, Ct))
        {
            Assert.NotNull(again);
        }

        await PutPartsAsync(storage, (7, 1));
        await storage.FlushAsync(Ct);
        await AssertPartsAsync(storage, "k", 1, (0, 1), (2, 1), (3, 1), (7, 1));
        Assert.Equal((4, 4L * Unit), Sizes(await storage.GetTotalsAsync(null, Ct)));
    }

    /// <summary>Puts parts, given in units, of one object.</summary>
    private protected static async Task PutPartsAsync(ICacheStorage storage, string key, int version, params (int Offset, int Length)[] parts)
    {
        byte[] bytes = BytesOf("s", key, version, ObjectSize);
        foreach ((int offset, int length) in parts)
        {
            using SharedBuffer buffer = BufferOf(bytes[(offset * Unit)..((offset + length) * Unit)]);
            Assert.True(await storage.PutAsync(
                Item(key, buffer, version: version) with { Kind = EntryKind.Part, Offset = offset * Unit, Info = new ObjectInfo(ObjectSize, $"\"{version}\"", Noon) },
                Ct));
        }
    }

    private protected static Task PutPartsAsync(ICacheStorage storage, params (int Offset, int Length)[] parts) => PutPartsAsync(storage, "k", 1, parts);

    /// <summary>Asserts that just these parts are cached of a key, and reads each.</summary>
    private protected static async Task AssertPartsAsync(ICacheStorage storage, string key, int version, params (int Offset, int Length)[] parts)
    {
        CachedParts? found = await storage.FindPartsAsync("s", key, ByteRange.All, Ct);
        Assert.NotNull(found);
        Assert.Equal(parts.Select(part => ((long)part.Offset * Unit, (long)part.Length * Unit)), found.Parts.Select(part => (part.Offset, part.Size)));
        byte[] bytes = BytesOf("s", key, version, ObjectSize);
        foreach (IndexEntry part in found.Parts)
        {
            CacheHit? hit = await storage.GetPartAsync(part, part.Offset, part.Size, Ct);
            Assert.True(hit is not null, $"The part of '{key}' at {part.Offset} is a miss.");
            await using (hit)
            {
                AssertBytes(bytes[(int)part.Offset..(int)(part.Offset + part.Size)], await TakeAsync(hit));
            }
        }
    }
}
