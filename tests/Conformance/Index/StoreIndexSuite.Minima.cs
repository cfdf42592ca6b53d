using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class StoreIndexSuite
{
    [Fact]
    public async Task A_store_gives_up_nothing_that_takes_it_below_its_minimum()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("a", 10), Value("b", 10), Value("c", 10), Value("d", 10, "t"), Value("e", 10, "t"));
        var minima = new Dictionary<string, long> { ["s"] = 15 };
        Assert.Equal(["a", "d", "e"], Keys(await index.PopAsync(new PopRequest(Bytes: 1000, Minima: minima), Ct)));
        Assert.Equal(20, (await index.GetTotalsAsync("s", Ct)).AllocatedBytes);
        Assert.Empty(await index.PopAsync(new PopRequest(Count: 1, Minima: minima), Ct));
        Assert.Equal(["b"], Keys(await index.PopAsync(new PopRequest(Count: 1), Ct)));
    }

    [Fact]
    public async Task An_entry_without_bytes_takes_no_store_below()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("a", 10), Absent("b"), Absent("c"));
        var minima = new Dictionary<string, long> { ["s"] = 100 };
        Assert.Equal(["b", "c"], Keys(await index.PopAsync(new PopRequest(Count: 9, Minima: minima), Ct)));
    }

    [Fact]
    public async Task A_minimum_holds_whatever_waits_in_the_same_transaction()
    {
        IStoreIndex index = await NewAsync();
        await index.PushManyAsync(Enumerable.Range(0, 100).Select(i => Value($"k/{i}", 10)).ToArray(), Ct);
        var minima = new Dictionary<string, long> { ["s"] = 500 };
        IReadOnlyList<IndexEntry>[] popped = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => index.PopAsync(new PopRequest(Count: 7, Minima: minima), Ct).AsTask()));
        Assert.Equal(50, popped.Sum(some => some.Count));
        Assert.Equal(500, (await index.GetTotalsAsync("s", Ct)).AllocatedBytes);
    }
}
