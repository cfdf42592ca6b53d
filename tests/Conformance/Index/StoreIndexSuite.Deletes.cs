using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class StoreIndexSuite
{
    [Fact]
    public async Task A_deleted_entry_is_given_back_once_and_gone()
    {
        IStoreIndex index = await NewAsync();
        IndexEntry entry = Value("k", 10);
        await PushAllAsync(index, entry, Value("other", 5));
        AssertSame(entry, await index.DeleteAsync(At("k"), null, Ct));
        Assert.Null(await index.FindAsync(At("k"), Ct));
        Assert.Null(await index.DeleteAsync(At("k"), null, Ct));
        Assert.Equal(new IndexTotals(1, 5, 5, 0), await index.GetTotalsAsync("s", Ct));
        Assert.Equal(["other"], Keys(await index.PopAsync(new PopRequest(Count: 9), Ct)));
    }

    [Fact]
    public async Task A_delete_of_another_version_deletes_nothing()
    {
        IStoreIndex index = await NewAsync();
        IndexEntry bad = Value("k", 10);
        IndexEntry replacement = Value("k", 20);
        await PushAllAsync(index, bad, replacement);
        Assert.Null(await index.DeleteAsync(At("k"), bad.Version, Ct));
        AssertSame(replacement, await index.FindAsync(At("k"), Ct));
        AssertSame(replacement, await index.DeleteAsync(At("k"), replacement.Version, Ct));
        Assert.Null(await index.FindAsync(At("k"), Ct));
    }

    [Fact]
    public async Task A_place_is_deleted_alone()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("k", 1), Part("k", 0, 2), Part("k", 2, 3));
        Assert.Equal(2, (await index.DeleteAsync(At("k", offset: 0), null, Ct))?.Size);
        Assert.Equal(1, (await index.FindAsync(At("k"), Ct))?.Size);
        Assert.Equal(1, (await index.DeleteAsync(At("k"), null, Ct))?.Size);
        Assert.Equal(3, (await index.FindAsync(At("k", offset: 2), Ct))?.Size);
    }

    [Fact]
    public async Task A_key_is_deleted_with_its_value_its_parts_and_its_absence()
    {
        IStoreIndex index = await NewAsync();
        IndexEntry[] doomed = [Value("k", 1), Part("k", 0, 2), Part("k", long.MaxValue - 8, 4)];
        await PushAllAsync(index, doomed);
        await PushAllAsync(index, Value("k/x"), Value("K"), Value("k0"), Value("k", 1, "t"), Part("k/x", 0, 1), Absent("j"));
        IReadOnlyList<IndexEntry> deleted = await index.DeleteKeyAsync("s", "k", Ct);
        Assert.Equal(doomed.OrderBy(entry => entry.Size), deleted.Select(entry => Pushed(entry)!).OrderBy(entry => entry.Size));
        Assert.Equal(6, (await index.GetTotalsAsync(null, Ct)).Count);
        Assert.Empty(await index.DeleteKeyAsync("s", "k", Ct));
        Assert.Equal(EntryKind.Absent, Assert.Single(await index.DeleteKeyAsync("s", "j", Ct)).Kind);
        await AssertTotalsExactAsync(index);
    }

    [Theory]
    [InlineData("a/", "a/b", "a/b/c", "a/0")]
    [InlineData("a/b/", "a/b/c")]
    [InlineData("100%/", "100%/x")]
    [InlineData("x_y/", "x_y/1")]
    [InlineData("back\\slash/", "back\\slash/1")]
    [InlineData("qu'ote\"/", "qu'ote\"/1")]
    [InlineData("été/", "été/1")]
    [InlineData("\uD7FF/", "\uD7FF/1")]
    [InlineData("\uFFFF/", "\uFFFF/1")]
    [InlineData("😀/", "😀/1")]
    [InlineData("\U0010FFFF/", "\U0010FFFF/1")]
    [InlineData("nothing/")]
    public async Task A_prefix_takes_what_begins_with_it_and_nothing_else(string prefix, params string[] doomed)
    {
        IStoreIndex index = await NewAsync();
        string[] keys =
        [
            "a", "a/b", "a/b/c", "a/0", "ab/c", "a0", "a.b", "A/b", "b/a/b", "100%/x", "1000/x", "100x/x", "x_y/1", "xzy/1", "back\\slash/1", "back/slash/1",
            "qu'ote\"/1", "été/1", "e\u0301te\u0301/1", "\uD7FF/1", "\uE000/1", "\uFFFF/1", "😀/1", "\U0010FFFF/1",
        ];
        await PushAllAsync(index, [.. keys.Select((key, i) => Value(key, i + 1)), .. keys.Select((key, i) => Value(key, i + 1, "other"))]);
        await PushAllAsync(index, [.. doomed.Select(key => Part(key, 7, 3))]);
        long bytes = doomed.Sum(key => Array.IndexOf(keys, key) + 1 + 3);
        Assert.Equal(new IndexTotals(2 * doomed.Length, bytes, bytes, 0), await index.DeletePrefixAsync("s", prefix, Ct));
        Assert.Equal(SortedByBytes(keys.Except(doomed)), Keys(await ListAsync(index, new IndexQuery("s", Order: IndexOrder.Key))));
        Assert.Equal(keys.Length, (await index.GetTotalsAsync("other", Ct)).Count);
        await AssertTotalsExactAsync(index);
    }

    [Fact]
    public async Task The_empty_prefix_deletes_the_store_and_no_other()
    {
        IStoreIndex index = await NewAsync();
        await index.PushManyAsync(Enumerable.Range(0, 1_500).Select(i => Value($"u/c/{i}", 2, allocated: 3)).ToArray(), Ct);
        await PushAllAsync(index, Absent("zarr.json"), Part("u/c/1", 0, 1), Value("k", 1, "t"), Value("k", 1, "S"), Value("k", 1, "s/t"));
        Assert.Equal(new IndexTotals(1_502, 3_001, 4_501, 1), await index.DeletePrefixAsync("s", "", Ct));
        Assert.Equal(default, await index.DeletePrefixAsync("s", "", Ct));
        Assert.Equal(["S", "s/t", "t"], await index.ListStoresAsync(Ct));
        await AssertTotalsExactAsync(index);
    }
}
