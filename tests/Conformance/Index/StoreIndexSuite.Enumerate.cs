using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class StoreIndexSuite
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Keys_are_sorted_by_the_bytes_of_their_UTF8_form(bool descending)
    {
        IStoreIndex index = await NewAsync();
        string[] keys = ["b", "a", "B", "a/b", "a.b", "ab", "é", "z", "\uE000", "\uFFFD", "\uFFFF", "😀", "\U00010000", "\U0010FFFF", "a😀", "a\uFFFD", "10", "9"];
        await PushAllAsync(index, [.. keys.SelectMany(key => new[] { Value(key, 1, "t"), Value(key, 1, "é"), Value(key, 1, "😀"), Value(key, 1, "\uFFFD") })]);
        IEnumerable<(string, string)> expected =
            from store in SortedByBytes(["t", "é", "😀", "\uFFFD"])
            from key in SortedByBytes(keys)
            select (store, key);
        Assert.Equal(
            descending ? expected.Reverse() : expected,
            (await ListAsync(index, new IndexQuery(Order: IndexOrder.Key, Descending: descending))).Select(entry => (entry.StoreId, entry.Key)));
    }

    [Fact]
    public async Task Parts_of_a_key_are_sorted_by_offset_after_its_value()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Part("k", 100, 1), Part("k", 20, 1), Value("k/a"), Part("k", 0, 1), Absent("k"), Value("j"));
        Assert.Equal(
            [("j", -1), ("k", -1), ("k", 0), ("k", 20), ("k", 100), ("k/a", -1)],
            (await ListAsync(index, new IndexQuery("s", Order: IndexOrder.Key))).Select(entry => (entry.Key, entry.EntryKey.Offset)));
    }

    [Theory]
    [InlineData(IndexOrder.LastAccess)]
    [InlineData(IndexOrder.AccessCount)]
    [InlineData(IndexOrder.Size)]
    [InlineData(IndexOrder.LoadDuration)]
    [InlineData(IndexOrder.Priority)]
    public async Task Every_order_sorts_both_ways_and_is_cut_at_the_limit(IndexOrder order)
    {
        IStoreIndex index = await NewAsync();
        int[] numbers = [.. Enumerable.Range(0, 700)];
        new Random(3).Shuffle(numbers);
        await index.PushManyAsync(
            numbers.Select(n => Value($"k{n}", 5 + n, $"s{n % 3}") with { LastAccess = Noon.AddTicks(n), AccessCount = n, LoadDuration = TimeSpan.FromTicks(n) }).ToArray(), Ct);
        string[] expected = [.. (order == IndexOrder.Priority ? numbers : numbers.Order().ToArray()).Select(n => $"k{n}")];
        Assert.Equal(expected, Keys(await ListAsync(index, new IndexQuery(Order: order))));
        Assert.Equal(expected.Reverse(), Keys(await ListAsync(index, new IndexQuery(Order: order, Descending: true))));
        Assert.Equal(expected[..5], Keys(await ListAsync(index, new IndexQuery(Order: order, Limit: 5))));
        Assert.Equal(expected.Reverse().Take(5), Keys(await ListAsync(index, new IndexQuery(Order: order, Descending: true, Limit: 5))));
        Assert.Equal(expected, Keys(await ListAsync(index, new IndexQuery(Order: order, Limit: 1_000_000))));
    }

    [Fact]
    public async Task Priority_is_the_order_in_which_entries_are_popped()
    {
        IStoreIndex index = await NewAsync(EvictionPolicy.Lifo);
        await PushAllAsync(index, Value("a"), Absent("b"), Part("c", 0, 1), Value("d", 1, "t"));
        List<IndexEntry> listed = await ListAsync(index, new IndexQuery(Order: IndexOrder.Priority));
        Assert.Equal(["d", "c", "b", "a"], Keys(listed));
        Assert.True(listed[0].Priority < listed[1].Priority && listed[1].Priority < listed[2].Priority);
        Assert.Equal(listed, await index.PopAsync(new PopRequest(Count: 4), Ct));
    }

    [Theory]
    [InlineData("", "a a% a%b a/b a/b/c ab b")]
    [InlineData("a", "a a% a%b a/b a/b/c ab")]
    [InlineData("a/", "a/b a/b/c")]
    [InlineData("a/b", "a/b a/b/c")]
    [InlineData("a%", "a% a%b")]
    [InlineData("A", "")]
    public async Task A_prefix_of_any_text_selects_keys(string prefix, string keys)
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, [.. "b ab a/b/c a a% a%b a/b".Split(' ').SelectMany(key => new[] { Value(key), Value(key, 1, "t") })]);
        string[] expected = keys.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(expected, Keys(await ListAsync(index, new IndexQuery("s", prefix, Order: IndexOrder.Key))));
        Assert.Equal(expected.Reverse(), Keys(await ListAsync(index, new IndexQuery("s", prefix, Order: IndexOrder.Key, Descending: true))));
        Assert.Equal(expected.ToHashSet(), (await ListAsync(index, new IndexQuery("s", prefix))).Select(entry => entry.Key).ToHashSet());
    }

    [Fact]
    public async Task Store_kind_and_limit_select()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("a"), Absent("b"), Part("c", 0, 1), Absent("d"), Absent("e", "t"));
        Assert.Equal(["b", "d"], Keys(await ListAsync(index, new IndexQuery("s", Kind: EntryKind.Absent, Order: IndexOrder.Key))));
        Assert.Equal(["c"], Keys(await ListAsync(index, new IndexQuery(Kind: EntryKind.Part))));
        Assert.Equal(["b"], Keys(await ListAsync(index, new IndexQuery(Kind: EntryKind.Absent, Order: IndexOrder.Key, Limit: 1))));
        Assert.Equal(2, (await ListAsync(index, new IndexQuery(Limit: 2))).Count);
        Assert.Empty(await ListAsync(index, new IndexQuery(Limit: 0)));
        Assert.Empty(await ListAsync(index, new IndexQuery("none")));
    }

    [Fact]
    public async Task Thousands_of_entries_are_given_once_each()
    {
        IStoreIndex index = await NewAsync();
        string[] keys = [.. Enumerable.Range(0, 2_600).Select(i => $"u/c/{i:D5}")];
        await index.PushManyAsync(keys.Select(key => Value(key)).ToArray(), Ct);
        Assert.Equal(keys, Keys(await ListAsync(index, new IndexQuery(Order: IndexOrder.Key))));
        Assert.Equal(keys.Reverse(), Keys(await ListAsync(index, new IndexQuery("s", "u/", Order: IndexOrder.Key, Descending: true))));
        Assert.Equal(keys, Keys(await ListAsync(index)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_index_can_be_changed_while_it_is_enumerated()
    {
        IStoreIndex index = await NewAsync();
        await index.PushManyAsync(Enumerable.Range(0, 1_200).Select(i => Value($"k{i:D4}")).ToArray(), Ct);
        int seen = 0;
        await foreach (IndexEntry entry in index.EnumerateAsync(new IndexQuery(Order: IndexOrder.Key), Ct))
        {
            Assert.NotNull(await index.DeleteAsync(entry.EntryKey, entry.Version, Ct));
            await index.PushAsync(Value("a" + entry.Key), Ct);
            seen++;
        }

        Assert.Equal(1_200, seen);
        Assert.All(await ListAsync(index), entry => Assert.StartsWith("ak", entry.Key));
    }

    [Fact]
    public async Task A_query_that_contradicts_itself_is_refused()
    {
        IStoreIndex index = await NewAsync();
        ArgumentException prefix = await Assert.ThrowsAnyAsync<ArgumentException>(() => ListAsync(index, new IndexQuery(Prefix: "u/")));
        Assert.Contains("'u/'", prefix.Message);
        ArgumentException limit = await Assert.ThrowsAnyAsync<ArgumentException>(() => ListAsync(index, new IndexQuery(Limit: -1)));
        Assert.Contains("-1", limit.Message);
    }
}
