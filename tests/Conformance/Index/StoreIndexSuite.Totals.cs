using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class StoreIndexSuite
{
    [Fact]
    public async Task A_value_that_was_replaced_is_counted_once()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("k", 10, allocated: 4096), Value("k", 30, allocated: 8192), Value("k", 20, allocated: 512));
        Assert.Equal(new IndexTotals(1, 20, 512, 0), await index.GetTotalsAsync(null, Ct));
        Assert.Equal(new IndexTotals(1, 20, 512, 0), await index.GetTotalsAsync("s", Ct));
    }

    [Fact]
    public async Task Totals_are_kept_for_each_store_and_for_all()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("a", 1, "x", 10), Part("a", 5, 2, "x"), Absent("b", "x"), Value("a", 4, "y", 40));
        Assert.Equal(new IndexTotals(3, 3, 12, 1), await index.GetTotalsAsync("x", Ct));
        Assert.Equal(new IndexTotals(1, 4, 40, 0), await index.GetTotalsAsync("y", Ct));
        Assert.Equal(new IndexTotals(4, 7, 52, 1), await index.GetTotalsAsync(null, Ct));
        Assert.Equal(default, await index.GetTotalsAsync("z", Ct));
    }

    [Fact]
    public async Task A_store_without_entries_is_gone_from_the_list()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("a", 1, "x"), Value("a", 1, "y"));
        await index.DeleteAsync(At("a", "x"), null, Ct);
        Assert.Equal(["y"], await index.ListStoresAsync(Ct));
        Assert.Equal(default, await index.GetTotalsAsync("x", Ct));
        await index.PopAsync(new PopRequest(Count: 1), Ct);
        Assert.Empty(await index.ListStoresAsync(Ct));
    }

    [Fact]
    public async Task Stores_are_listed_by_the_bytes_of_their_ids()
    {
        IStoreIndex index = await NewAsync();
        string[] stores = ["b", "a", "B", "é", "a/b", "\uFFFD", "😀"];
        await PushAllAsync(index, [.. stores.Select(store => Value("k", 1, store))]);
        Assert.Equal(SortedByBytes(stores), await index.ListStoresAsync(Ct));
    }
}
