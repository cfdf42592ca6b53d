using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class StoreIndexSuite
{
    [Fact]
    public async Task A_new_index_is_created_and_empty()
    {
        IStoreIndex index = await NewAsync();
        Assert.Equal(IndexCondition.Created, index.Condition);
        Assert.Null(await index.FindAsync(At("u/c/0"), Ct));
        Assert.Equal(default, await index.GetTotalsAsync(null, Ct));
        Assert.Empty(await ListAsync(index));
        Assert.Empty(await index.ListStoresAsync(Ct));
    }

    [Theory]
    [InlineData(EntryKind.Value)]
    [InlineData(EntryKind.Part)]
    [InlineData(EntryKind.Absent)]
    public async Task Every_field_of_an_entry_comes_back(EntryKind kind)
    {
        IStoreIndex index = await NewAsync();
        IndexEntry entry = FullEntry(kind);
        Assert.Null(await index.PushAsync(entry, Ct));
        AssertSame(entry, await index.FindAsync(entry.EntryKey, Ct));
        AssertSame(entry, Assert.Single(await ListAsync(index)));
        AssertSame(entry, Assert.Single(await index.PopAsync(new PopRequest(Count: 1), Ct)));
    }

    [Fact]
    public async Task Fields_that_are_not_given_stay_empty()
    {
        IStoreIndex index = await NewAsync();
        IndexEntry entry = Value("k", 0) with { ETag = null, LastModified = null, Checksums = default, StoredAt = default, ValidatedAt = default, LastAccess = default };
        await index.PushAsync(entry, Ct);
        AssertSame(entry, await index.FindAsync(At("k"), Ct));
    }

    [Fact]
    public async Task Times_are_exact_to_the_tick_and_the_same_instant_whatever_their_offset()
    {
        IStoreIndex index = await NewAsync();
        var odd = new DateTimeOffset(2026, 3, 1, 12, 34, 56, TimeSpan.FromMinutes(-210)) + TimeSpan.FromTicks(1_234_567);
        IndexEntry entry = Value("k") with
        {
            LastModified = odd,
            StoredAt = odd.AddTicks(1),
            ValidatedAt = odd.AddTicks(2),
            LastAccess = odd.AddTicks(3),
            LoadDuration = TimeSpan.FromTicks(9_876_543_211),
        };
        await index.PushAsync(entry, Ct);
        AssertSame(entry, await index.FindAsync(At("k"), Ct));
    }

    [Fact]
    public async Task Sizes_beyond_four_gigabytes_and_many_block_checksums_come_back()
    {
        IStoreIndex index = await NewAsync();
        byte[] sums = new byte[8 * 10_000];
        new Random(1).NextBytes(sums);
        IndexEntry entry = Value("k", long.MaxValue / 4, allocated: long.MaxValue / 2) with { Checksums = BlockChecksums.FromBytes(sums), Version = long.MaxValue };
        await index.PushAsync(entry, Ct);
        AssertSame(entry, await index.FindAsync(At("k"), Ct));
        Assert.Equal(new IndexTotals(1, long.MaxValue / 4, long.MaxValue / 2, 0), await index.GetTotalsAsync(null, Ct));
    }

    [Fact]
    public async Task Keys_are_told_apart_by_case_and_by_normal_form()
    {
        IStoreIndex index = await NewAsync();
        string[] keys = ["\u00E9", "e\u0301", "E\u0301", "a", "A", "k", "\u212A", "ß", "ss", "i", "İ", "ı", "a b", "a%20b"];
        await PushAllAsync(index, [.. keys.Select((key, i) => Value(key, i + 1))]);
        Assert.Equal(keys.Length, (await index.GetTotalsAsync("s", Ct)).Count);
        for (int i = 0; i < keys.Length; i++)
        {
            Assert.Equal(i + 1, (await index.FindAsync(At(keys[i]), Ct))?.Size);
        }
    }

    [Fact]
    public async Task Stores_never_meet()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("b/c", 1, "a"), Value("c", 2, "a/b"), Value("b/c", 3, "A"), Value("c", 4, "b"));
        Assert.Equal(1, (await index.FindAsync(At("b/c", "a"), Ct))?.Size);
        Assert.Equal(2, (await index.FindAsync(At("c", "a/b"), Ct))?.Size);
        Assert.Equal(3, (await index.FindAsync(At("b/c", "A"), Ct))?.Size);
        Assert.Null(await index.FindAsync(At("c", "a"), Ct));
        Assert.Equal(["A", "a", "a/b", "b"], await index.ListStoresAsync(Ct));
    }

    [Fact]
    public async Task A_push_gives_back_what_it_replaces()
    {
        IStoreIndex index = await NewAsync();
        IndexEntry first = Value("k", 10) with { ETag = "\"1\"" };
        IndexEntry second = Value("k", 20) with { ETag = "\"2\"" };
        Assert.Null(await index.PushAsync(first, Ct));
        AssertSame(first, await index.PushAsync(second, Ct));
        AssertSame(second, await index.FindAsync(At("k"), Ct));
        AssertSame(second, Assert.Single(await ListAsync(index)));
    }

    [Fact]
    public async Task A_value_replaces_an_absence_and_an_absence_a_value()
    {
        IStoreIndex index = await NewAsync();
        IndexEntry absent = Absent("k");
        IndexEntry value = Value("k", 10);
        await index.PushAsync(absent, Ct);
        AssertSame(absent, await index.PushAsync(value, Ct));
        AssertSame(value, await index.FindAsync(At("k"), Ct));
        Assert.Equal(new IndexTotals(1, 10, 10, 0), await index.GetTotalsAsync(null, Ct));
        AssertSame(value, await index.PushAsync(Absent("k"), Ct));
        Assert.Equal(EntryKind.Absent, (await index.FindAsync(At("k"), Ct))?.Kind);
        Assert.Equal(new IndexTotals(1, 0, 0, 1), await index.GetTotalsAsync(null, Ct));
    }

    [Fact]
    public async Task Many_are_pushed_in_their_order_and_the_last_of_a_place_stays()
    {
        IStoreIndex index = await NewAsync();
        IndexEntry[] entries = [.. Enumerable.Range(0, 2_500).Select(i => Value($"u/c/{i % 2_000}", i))];
        await index.PushManyAsync(entries, Ct);
        Assert.Equal(new IndexTotals(2_000, entries[500..].Sum(entry => entry.Size), entries[500..].Sum(entry => entry.Size), 0), await index.GetTotalsAsync("s", Ct));
        Assert.Equal(2_007, (await index.FindAsync(At("u/c/7"), Ct))?.Size);
        Assert.Equal(Keys(entries[500..503]), Keys(await index.PopAsync(new PopRequest(Count: 3), Ct)));
        await index.PushManyAsync(ReadOnlyMemory<IndexEntry>.Empty, Ct);
    }

    private static void AssertSame(IndexEntry expected, IndexEntry? actual) => Assert.Equal(Pushed(expected), Pushed(actual));

    private static IndexEntry FullEntry(EntryKind kind)
    {
        byte[] sums = new byte[kind == EntryKind.Absent ? 0 : 24];
        new Random(2).NextBytes(sums);
        return Value("température/ключ/鍵/🗝/%_\\'\"", 3_000_000, "データ/🌍") with
        {
            Kind = kind,
            Offset = kind == EntryKind.Part ? 5_000_000_000 : 0,
            Size = kind == EntryKind.Absent ? 0 : 3_000_000,
            AllocatedSize = kind == EntryKind.Absent ? 0 : 3_002_368,
            ObjectSize = kind switch { EntryKind.Absent => 0, EntryKind.Part => 9_000_000_000, _ => 3_000_000 },
            Checksums = BlockChecksums.FromBytes(sums),
            ETag = "W/\"é-1\"",
            LastModified = Noon.AddDays(-400),
            StoredAt = Noon.AddMinutes(-3),
            ValidatedAt = Noon.AddMinutes(-2),
            LastAccess = Noon.AddMinutes(-1),
            AccessCount = 7,
            LoadDuration = TimeSpan.FromMilliseconds(123.4567),
        };
    }
}
