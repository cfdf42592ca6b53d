using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class StoreIndexSuite
{
    [Theory]
    [InlineData("lru", "b c a")]
    [InlineData("fifo", "a b c")]
    [InlineData("lifo", "c b a")]
    [InlineData("lfu", "b c a")]
    [InlineData("gdsf", "b c a")]
    [InlineData("lirs", "b c a")]
    public async Task Entries_are_popped_in_the_order_of_the_policy(string policy, string order)
    {
        IStoreIndex index = await NewAsync(EvictionPolicy.Parse(policy));
        await PushAllAsync(index, Value("a"), Value("b"), Value("c"));
        await index.MarkAsync(At("a"), Noon.AddHours(1), Ct);
        Assert.Equal(order.Split(' '), Keys(await index.PopAsync(new PopRequest(Count: 3), Ct)));
    }

    [Fact]
    public async Task The_order_holds_over_many_pops_and_stores()
    {
        IStoreIndex index = await NewAsync();
        string[] keys = [.. Enumerable.Range(0, 600).Select(i => $"u/c/{i}")];
        await index.PushManyAsync(keys.Select((key, i) => Value(key, 1, $"store-{i % 7}")).ToArray(), Ct);
        var popped = new List<string>();
        for (int count = 1; popped.Count < keys.Length; count++)
        {
            popped.AddRange(Keys(await index.PopAsync(new PopRequest(Count: count), Ct)));
        }

        Assert.Equal(keys, popped);
    }

    [Fact]
    public async Task A_replaced_entry_is_the_most_recent()
    {
        IStoreIndex index = await NewAsync(EvictionPolicy.Fifo);
        await PushAllAsync(index, Value("a"), Value("b"), Value("a"));
        Assert.Equal(["b", "a"], Keys(await index.PopAsync(new PopRequest(Count: 5), Ct)));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(100, 1)]
    [InlineData(101, 2)]
    [InlineData(200, 2)]
    [InlineData(301, 3)]
    public async Task The_fewest_entries_that_free_the_bytes_are_popped(long bytes, int count)
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("a", 7, allocated: 100), Value("b", 7, allocated: 100), Value("c", 7, allocated: 100));
        Assert.Equal(count, (await index.PopAsync(new PopRequest(bytes), Ct)).Count);
        Assert.Equal(new IndexTotals(3 - count, 7 * (3 - count), 100 * (3 - count), 0), await index.GetTotalsAsync(null, Ct));
    }

    [Fact]
    public async Task Entries_without_bytes_are_popped_in_their_turn()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Absent("a"), Value("b", 10), Absent("c"), Value("d", 10));
        Assert.Equal(["a", "b"], Keys(await index.PopAsync(new PopRequest(Bytes: 10), Ct)));
        Assert.Equal(new IndexTotals(2, 10, 10, 1), await index.GetTotalsAsync(null, Ct));
    }

    [Fact]
    public async Task Both_bytes_and_count_are_reached()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("a", 10), Value("b", 10), Value("c", 10), Value("d", 10));
        Assert.Equal(["a", "b", "c"], Keys(await index.PopAsync(new PopRequest(Bytes: 5, Count: 3), Ct)));
        await PushAllAsync(index, Value("e", 10), Value("f", 10));
        Assert.Equal(["d", "e"], Keys(await index.PopAsync(new PopRequest(Bytes: 20, Count: 1), Ct)));
    }

    [Fact]
    public async Task A_request_for_nothing_pops_nothing_and_one_for_too_much_pops_all()
    {
        IStoreIndex index = await NewAsync();
        Assert.Empty(await index.PopAsync(new PopRequest(Bytes: 1, Count: 1), Ct));
        await PushAllAsync(index, Value("a"), Absent("b"), Part("c", 0, 9));
        Assert.Empty(await index.PopAsync(default, Ct));
        Assert.Equal(["a", "b", "c"], Keys(await index.PopAsync(new PopRequest(long.MaxValue, long.MaxValue), Ct)));
        Assert.Equal(default, await index.GetTotalsAsync(null, Ct));
        Assert.Empty(await index.ListStoresAsync(Ct));
    }

    [Fact]
    public async Task One_store_gives_up_only_its_own()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("a", 1, "x"), Value("b", 1, "y"), Value("c", 1, "x"), Value("d", 1, "y"));
        Assert.Equal(["b"], Keys(await index.PopAsync(new PopRequest(Bytes: 1, StoreId: "y"), Ct)));
        Assert.Empty(await index.PopAsync(new PopRequest(Count: 1, StoreId: "z"), Ct));
        Assert.Equal(["d"], Keys(await index.PopAsync(new PopRequest(Count: 9, StoreId: "y"), Ct)));
        Assert.Equal(2, (await index.GetTotalsAsync("x", Ct)).Count);
    }

    [Fact]
    public async Task One_kind_gives_up_only_its_own()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("a", 1, "x"), Absent("b", "x"), Part("c", 3, 1, "y"), Absent("d", "y"), Value("e", 1, "y"));
        Assert.Equal(["b"], Keys(await index.PopAsync(new PopRequest(Count: 1, Kind: EntryKind.Absent), Ct)));
        Assert.Equal(["c"], Keys(await index.PopAsync(new PopRequest(Count: 9, Kind: EntryKind.Part), Ct)));
        Assert.Equal(["e"], Keys(await index.PopAsync(new PopRequest(Count: 9, StoreId: "y", Kind: EntryKind.Value), Ct)));
        Assert.Equal(["a", "d"], Keys(await index.PopAsync(new PopRequest(Count: 9), Ct)));
    }

    [Fact]
    public async Task Popping_a_part_leaves_the_others_and_the_value()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Part("k", 0, 10), Part("k", 10, 10), Value("k", 20));
        IndexEntry popped = Assert.Single(await index.PopAsync(new PopRequest(Count: 1), Ct));
        Assert.Equal((EntryKind.Part, 0), (popped.Kind, popped.Offset));
        Assert.NotNull(await index.FindAsync(At("k"), Ct));
        Assert.Equal(10, Assert.Single(await index.FindPartsAsync("s", "k", 0, 100, Ct)).Offset);
    }

    [Theory]
    [InlineData(-3652)]
    [InlineData(3652)]
    public async Task A_wall_clock_that_jumps_ten_years_changes_no_order(int days)
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("a"), Value("b"), Value("c"));
        Time.AdjustTime(Noon.AddDays(days));
        await PushAllAsync(index, Value("d") with { StoredAt = Noon.AddDays(days), LastAccess = Noon.AddDays(days) });
        await index.MarkAsync(At("a"), Noon.AddDays(days), Ct);
        Time.AdjustTime(Noon);
        await index.MarkAsync(At("b"), Noon, Ct);
        Assert.Equal(["c", "d", "a", "b"], Keys(await index.PopAsync(new PopRequest(Count: 4), Ct)));
    }
}
