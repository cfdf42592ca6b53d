using System.Buffers;
using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class CacheStorageSuite
{
    [Fact]
    public async Task What_was_never_put_is_a_miss()
    {
        ICacheStorage storage = await NewAsync();
        await AssertMissAsync(storage, "u/c/0");
        Assert.Equal(default, await storage.GetTotalsAsync(null, Ct));
        Assert.False(await storage.DeleteAsync("s", "u/c/0", Ct));
        Assert.Equal(default, await storage.DeletePrefixAsync("s", "", Ct));
        await storage.FlushAsync(Ct);
        await storage.CloseStoreAsync("s", Ct);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1_000)]
    [InlineData((1 << 20) - 1)]
    [InlineData(1 << 20)]
    [InlineData((1 << 20) + 1)]
    [InlineData((3 << 20) + 12_345)]
    public async Task A_value_is_read_as_it_was_put_before_and_after_it_is_written(int size)
    {
        ICacheStorage storage = await NewAsync();
        Assert.True(await PutAsync(storage, "u/c/0", size));
        await AssertHitAsync(storage, "u/c/0", size);
        await storage.FlushAsync(Ct);
        await AssertHitAsync(storage, "u/c/0", size);
        CacheHit? hit = await storage.GetAsync("s", "u/c/0", ByteRange.All, Ct);
        Assert.NotNull(hit);
        await using (hit)
        {
            AssertBytes(BytesOf("s", "u/c/0", 1, size), await TakeByPipeAsync(hit));
        }
    }

    [Fact]
    public async Task What_the_origin_said_comes_back_with_the_value()
    {
        ICacheStorage storage = await NewAsync();
        Assert.True(await PutAsync(storage, "k", 10));
        for (int written = 0; written < 2; written++)
        {
            IndexEntry? entry = await storage.FindAsync("s", "k", Ct);
            Assert.NotNull(entry);
            Assert.Equal(("s", "k", EntryKind.Value, 10, 10), (entry.StoreId, entry.Key, entry.Kind, entry.Size, entry.ObjectSize));
            Assert.Equal((TimeSpan.FromTicks(12_345), Noon.AddTicks(1), Noon.AddTicks(1)), (entry.LoadDuration, entry.StoredAt, entry.ValidatedAt));
            await using CacheHit? hit = await storage.GetAsync("s", "k", ByteRange.Suffix(1), Ct);
            Assert.Equal(new ObjectInfo(10, "\"1-10\"", Noon), hit?.Info);
            Assert.Equal(entry.EntryKey, hit?.Entry.EntryKey);
            await storage.FlushAsync(Ct);
        }
    }

    [Fact]
    public async Task A_queued_value_is_a_hit_of_its_whole_burst()
    {
        ICacheStorage storage = await NewAsync();
        for (int i = 0; i < 40; i++)
        {
            Assert.True(await PutAsync(storage, $"u/c/{i}"));
            await AssertHitAsync(storage, $"u/c/{i}");
        }

        for (int i = 0; i < 40; i++)
        {
            await AssertHitAsync(storage, $"u/c/{i}");
        }

        await storage.FlushAsync(Ct);
        Assert.Equal((40, 40L * Unit), Sizes(await storage.GetTotalsAsync("s", Ct)));
    }

    [Fact]
    public async Task A_value_replaces_what_was_there_before()
    {
        ICacheStorage storage = await NewAsync();
        await PutAsync(storage, "k", 3 * Unit, version: 1);
        await PutAsync(storage, "k", Unit, version: 2);
        await AssertHitAsync(storage, "k", Unit, version: 2);
        await storage.FlushAsync(Ct);
        await AssertHitAsync(storage, "k", Unit, version: 2);
        await PutAsync(storage, "k", Unit, version: 3);
        await AssertHitAsync(storage, "k", Unit, version: 3);
        await storage.FlushAsync(Ct);
        await AssertHitAsync(storage, "k", Unit, version: 3);
        Assert.Equal((1, Unit), Sizes(await storage.GetTotalsAsync(null, Ct)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_absence_is_a_hit_and_takes_turns_with_a_value(bool written)
    {
        ICacheStorage storage = await NewAsync();
        for (int version = 1; version <= 3; version++)
        {
            Assert.True(await PutAbsentAsync(storage, "k"));
            await FlushIfAsync();
            Assert.Equal(EntryKind.Absent, (await storage.FindAsync("s", "k", Ct))?.Kind);
            await using CacheHit? hit = await storage.GetAsync("s", "k", ByteRange.Slice(7, 9), Ct);
            Assert.Equal((ReadStatus.Absent, EntryKind.Absent), (hit?.Status, hit?.Entry.Kind));

            Assert.True(await PutAsync(storage, "k", version: version));
            await FlushIfAsync();
            await AssertHitAsync(storage, "k", version: version);
        }

        await storage.FlushAsync(Ct);
        Assert.Equal((1, Unit, 0), (Sizes(await storage.GetTotalsAsync("s", Ct)).Count, Unit, (await storage.GetTotalsAsync("s", Ct)).AbsentCount));
        await PutAbsentAsync(storage, "k");
        await storage.FlushAsync(Ct);
        Assert.Equal(new IndexTotals(1, 0, 0, 1), await storage.GetTotalsAsync("s", Ct));

        Task FlushIfAsync() => written ? storage.FlushAsync(Ct).AsTask() : Task.CompletedTask;
    }

    [Fact]
    public async Task A_part_is_no_value_and_gives_way_to_one()
    {
        ICacheStorage storage = await NewAsync();
        using (SharedBuffer part = BufferOf(BytesOf("s", "k", 1, 100)))
        {
            Assert.True(await storage.PutAsync(Item("k", part) with { Kind = EntryKind.Part, Offset = 50, Info = new ObjectInfo(1_000, null, null) }, Ct));
        }

        await AssertMissAsync(storage, "k");
        await storage.FlushAsync(Ct);
        await AssertMissAsync(storage, "k");
        Assert.Equal((1, 100), Sizes(await storage.GetTotalsAsync(null, Ct)));
        await PutAsync(storage, "k", 1_000);
        await storage.FlushAsync(Ct);
        await AssertHitAsync(storage, "k", 1_000);
        Assert.Equal((1, 1_000), Sizes(await storage.GetTotalsAsync(null, Ct)));
    }

    [Fact]
    public async Task Stores_and_keys_never_meet()
    {
        ICacheStorage storage = await NewAsync();
        (string Store, string Key)[] places =
        [
            ("a", "b/c"), ("a/b", "c"), ("A", "b/c"), ("a", "B/c"), ("a", "b"), ("a", "b/c/d"), ("a.b", "c"), ("é", "k"), ("e\u0301", "k"), ("s", "é"), ("s", "e\u0301"),
            ("s", "__parts__/x"), ("s", "CON"), ("s", "a:b"), ("s", "dot."), ("s", "space "), ("s", "%2F"), ("s", "100%"), ("s", "😀/\uFFFD"), ("s", "zarr.json"), ("s", ".zarray"),
        ];
        foreach ((string store, string key) in places)
        {
            Assert.True(await PutAsync(storage, key, 500, store));
        }

        for (int written = 0; written < 2; written++)
        {
            foreach ((string store, string key) in places)
            {
                await AssertHitAsync(storage, key, 500, store);
            }

            await storage.FlushAsync(Ct);
        }

        Assert.Equal((places.Length, 500L * places.Length), Sizes(await storage.GetTotalsAsync(null, Ct)));
        Assert.True(await storage.DeleteAsync("a/b", "c", Ct));
        await AssertHitAsync(storage, "b/c", 500, "a");
        await AssertMissAsync(storage, "c", "a/b");
    }

    [Fact]
    public async Task A_store_that_was_closed_opens_again()
    {
        ICacheStorage storage = await NewAsync();
        await PutAsync(storage, "a");
        await PutAsync(storage, "b", store: "t");
        await storage.CloseStoreAsync("s", Ct);
        await AssertHitAsync(storage, "a");
        await AssertHitAsync(storage, "b", store: "t");
        await PutAsync(storage, "c");
        await storage.CloseStoreAsync("s", Ct);
        await storage.CloseStoreAsync("s", Ct);
        await AssertHitAsync(storage, "c");
    }

    [Fact]
    public async Task A_confirmed_entry_says_when()
    {
        ICacheStorage storage = await NewAsync();
        await PutAsync(storage, "k");
        await storage.FlushAsync(Ct);
        IndexEntry? entry = await storage.FindAsync("s", "k", Ct);
        Assert.NotNull(entry);
        await storage.TouchAsync(entry, Noon.AddHours(5), Ct);
        Assert.Equal(Noon.AddHours(5), (await storage.FindAsync("s", "k", Ct))?.ValidatedAt);
        await AssertHitAsync(storage, "k");
    }

    [Fact]
    public async Task The_storage_holds_the_bytes_for_itself_and_no_longer_than_it_may()
    {
        ICacheStorage storage = await NewAsync();
        byte[] bytes = BytesOf("s", "k", 1, 3 << 20);
        SharedBuffer buffer = BufferOf(bytes);
        Assert.True(await storage.PutAsync(Item("k", buffer), Ct));
        await storage.FlushAsync(Ct);
        await AssertHitAsync(storage, "k", bytes.Length);
        Assert.True(await storage.DeleteAsync("s", "k", Ct));
        await storage.DisposeAsync();

        // whatever the storage did with its own hold, the caller's is left
        AssertBytes(bytes, buffer.Hold().Bytes.ToArray());
        buffer.Dispose();
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(buffer.Hold);
    }

    [Fact]
    public async Task The_caller_may_let_go_of_its_buffer_at_once()
    {
        ICacheStorage storage = await NewAsync();
        for (int i = 0; i < 20; i++)
        {
            await PutAsync(storage, $"k{i}");
            byte[] reused = ArrayPool<byte>.Shared.Rent(Unit);
            reused.AsSpan().Fill(0xEE);
            ArrayPool<byte>.Shared.Return(reused);
            await AssertHitAsync(storage, $"k{i}");
        }

        await storage.FlushAsync(Ct);
        for (int i = 0; i < 20; i++)
        {
            await AssertHitAsync(storage, $"k{i}");
        }
    }

    [Fact]
    public async Task Disposing_twice_is_fine()
    {
        ICacheStorage storage = await NewAsync();
        await PutAsync(storage, "k");
        await storage.DisposeAsync();
        await storage.DisposeAsync();
    }

    private protected static (long Count, long Bytes) Sizes(IndexTotals totals) => (totals.Count, totals.Bytes);
}
