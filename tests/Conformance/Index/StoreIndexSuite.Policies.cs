using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class StoreIndexSuite
{
    [Fact]
    public async Task What_the_policy_keeps_goes_on_with_its_new_priority()
    {
        IStoreIndex index = await NewAsync(new KeepingPolicy());
        await PushAllAsync(index, Value("a"), Value("b"), Value("c"));
        await index.MarkAsync(At("a"), Noon, Ct);
        Assert.Equal(["b"], Keys(await index.PopAsync(new PopRequest(Count: 1), Ct)));
        Assert.Equal(["c", "a"], Keys(await ListAsync(index, new IndexQuery(Order: IndexOrder.Priority))));
        await AssertTotalsExactAsync(index);
    }

    [Fact]
    public async Task A_second_chance_is_one_and_the_next_mark_gives_another()
    {
        IStoreIndex index = await NewAsync(new KeepingPolicy());
        await PushAllAsync(index, Value("a"), Value("b"));
        await index.MarkAsync(At("a"), Noon, Ct);
        await index.PopAsync(new PopRequest(Count: 1), Ct);
        Assert.False((await index.FindAsync(At("a"), Ct))!.Referenced);
        await index.PushAsync(Value("c"), Ct);
        await index.MarkAsync(At("a"), Noon, Ct);
        Assert.Equal(["c", "a"], Keys(await index.PopAsync(new PopRequest(Count: 2), Ct)));
    }

    [Fact]
    public async Task What_was_kept_goes_all_the_same_when_nothing_else_is_left()
    {
        IStoreIndex index = await NewAsync(new KeepingPolicy());
        string[] keys = [.. Enumerable.Range(0, 200).Select(i => $"c/{i}")];
        await index.PushManyAsync(keys.Select(key => Value(key)).ToArray(), Ct);
        foreach (string key in keys)
        {
            await index.MarkAsync(At(key), Noon, Ct);
        }

        Assert.Equal(keys, Keys(await index.PopAsync(new PopRequest(Count: 500), Ct)));
        Assert.Equal(default, await index.GetTotalsAsync(null, Ct));
    }

    [Fact]
    public async Task Equal_priorities_go_in_the_order_of_their_first_push()
    {
        IStoreIndex index = await NewAsync(EvictionPolicy.Lfu);
        string[] keys = [.. Enumerable.Range(0, 100).Select(i => $"c/{i * 37 % 100}")];
        await index.PushManyAsync(keys.Select((key, i) => Value(key, store: $"s{i % 3}")).ToArray(), Ct);
        Assert.Equal(keys, Keys(await index.PopAsync(new PopRequest(Count: 100), Ct)));
    }

    [Fact]
    public async Task A_push_clears_what_marks_had_set()
    {
        IStoreIndex index = await NewAsync(new KeepingPolicy());
        await PushAllAsync(index, Value("a"), Value("b"));
        await index.MarkAsync(At("a"), Noon, Ct);
        await index.FlushAsync(Ct);
        await index.PushAsync(Value("a"), Ct);
        IndexEntry entry = (await index.FindAsync(At("a"), Ct))!;
        Assert.Equal((false, 0), (entry.Referenced, entry.AccessCount));
    }

    [Fact]
    public async Task Clocks_that_jump_change_no_order()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("a"), Value("b"), Value("c"));
        await index.MarkAsync(At("b"), Noon.AddYears(10), Ct);
        await index.MarkAsync(At("a"), Noon.AddYears(-10), Ct);
        Assert.Equal(["c", "b", "a"], Keys(await index.PopAsync(new PopRequest(Count: 3), Ct)));
    }

    [Fact]
    public async Task Metadata_documents_go_after_all_chunks()
    {
        IStoreIndex index = await NewAsync(EvictionPolicy.Fifo);
        await PushAllAsync(index, Value("zarr.json"), Value("u/.zarray", store: "t"), Absent("u/.zattrs"), Value("u/0"), Part("u/1", 0, 5), Absent("u/2"), Value("u/3", store: "t"));
        Assert.Equal(Retention.Metadata, (await index.FindAsync(At("u/.zattrs"), Ct))!.Retention);
        Assert.Equal(["u/0", "u/1", "u/2", "u/3", "zarr.json"], Keys(await index.PopAsync(new PopRequest(Count: 5), Ct)));
        Assert.Equal([".zarray", ".zattrs"], Keys(await index.PopAsync(new PopRequest(Count: 5), Ct)).Select(key => key[2..]));
    }

    [Theory]
    [InlineData(1, "NaN")]
    [InlineData(2, "Infinity")]
    public async Task A_priority_that_is_no_number_is_refused_by_the_policys_name_and_nothing_is_lost(long size, string priority)
    {
        IStoreIndex index = await NewAsync(new FailingPolicy());
        await PushAllAsync(index, Value("a", 10));
        ZarrCacheException refusal = await Assert.ThrowsAsync<ZarrCacheException>(async () => await index.PushAsync(Value("a", size), Ct));
        Assert.Equal($"The eviction policy 'failing' gave the priority {priority}; a priority is a finite number.", refusal.Message);
        Assert.Equal(10, (await index.FindAsync(At("a"), Ct))!.Size);
        await AssertTotalsExactAsync(index);
    }

    [Fact]
    public async Task A_pop_that_fails_in_the_middle_takes_nothing()
    {
        IStoreIndex index = await NewAsync(new FailingPolicy());
        await PushAllAsync(index, Value("b", store: "t"), Value("c"), Value("bad"), Value("d"));
        await Assert.ThrowsAsync<ZarrCacheException>(async () => await index.PopAsync(new PopRequest(Count: 4), Ct));
        Assert.Equal(4, (await index.GetTotalsAsync(null, Ct)).Count);
        await AssertTotalsExactAsync(index);
        Assert.Equal(["b", "c"], Keys(await index.PopAsync(new PopRequest(Count: 2), Ct)));
    }
}
