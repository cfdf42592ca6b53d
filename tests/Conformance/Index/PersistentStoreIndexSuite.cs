using Xunit;

namespace ZarrCache.Conformance;

/// <summary>What an <see cref="IStoreIndex"/> must do besides, if it outlives whoever opened it.</summary>
public abstract class PersistentStoreIndexSuite : StoreIndexSuite
{
    /// <summary>Opens the index again that <see cref="StoreIndexSuite.CreateAsync"/> made last, and that was disposed of; the suite disposes of this one too.</summary>
    protected abstract ValueTask<IStoreIndex> ReopenAsync(EvictionPolicy policy, TimeProvider time);

    [Fact]
    public async Task What_was_pushed_marked_and_touched_is_there_after_reopening()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("u/0", 10) with { ETag = "é", LastModified = Noon }, Part("u/0", 3, 4), Absent("v", "😀"), Value("w", 7, "😀"));
        await index.MarkAsync(At("u/0"), Noon.AddMinutes(5), Ct);
        await index.TouchAsync(At("w", "😀"), Noon.AddMinutes(6), Ct);
        await index.DeleteAsync(At("v", "😀"), null, Ct);
        await index.FlushAsync(Ct);
        List<IndexEntry> before = await ListAsync(index, new IndexQuery(Order: IndexOrder.Key));
        index = await ReopenAfterAsync(index);
        Assert.Equal(before, await ListAsync(index, new IndexQuery(Order: IndexOrder.Key)));
        await AssertTotalsExactAsync(index);
        Assert.Equal(3, Assert.Single(await index.FindPartsAsync("s", "u/0", 0, 100, Ct)).Offset);
    }

    [Fact]
    public async Task A_new_index_is_found_new_until_its_files_were_swept_and_then_clean()
    {
        IStoreIndex index = await NewAsync();
        index = await ReopenAfterAsync(index);
        Assert.Equal(IndexCondition.Created, index.Condition);
        await index.ConfirmSweptAsync(Ct);
        index = await ReopenAfterAsync(index);
        Assert.Equal(IndexCondition.Clean, index.Condition);
    }

    [Theory]
    [InlineData("lru", "b a c d")]
    [InlineData("fifo", "a b c d")]
    [InlineData("lifo", "d c b a")]
    public async Task Order_goes_on_after_reopening_whatever_the_wall_clock_says(string policy, string order)
    {
        var named = EvictionPolicy.Parse(policy);
        IStoreIndex index = await NewAsync(named);
        await PushAllAsync(index, Value("a"), Value("b"));
        await index.MarkAsync(At("a"), Noon, Ct);
        await index.DisposeAsync();
        Time.AdjustTime(Noon.AddYears(-10));
        index = Keep(await ReopenAsync(named, Time));
        await PushAllAsync(index, Value("c"), Value("d"));
        Assert.Equal(order.Split(' '), Keys(await index.PopAsync(new PopRequest(Count: 9), Ct)));
    }

    [Fact]
    public async Task Marks_after_reopening_come_after_those_before()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("a"), Value("b"), Value("c"));
        for (int i = 0; i < 50; i++)
        {
            await index.MarkAsync(At("b"), Noon, Ct);
        }

        index = await ReopenAfterAsync(index);
        await index.MarkAsync(At("a"), Noon, Ct);
        Assert.Equal(["c", "b", "a"], Keys(await index.PopAsync(new PopRequest(Count: 3), Ct)));
    }

    [Fact]
    public async Task What_was_popped_or_deleted_stays_away()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("a"), Value("b"), Value("p/c"), Value("d"));
        await index.PopAsync(new PopRequest(Count: 1), Ct);
        await index.DeletePrefixAsync("s", "p/", Ct);
        index = await ReopenAfterAsync(index);
        Assert.Equal(["b", "d"], Keys(await ListAsync(index, new IndexQuery(Order: IndexOrder.Key))));
        await AssertTotalsExactAsync(index);
    }

    [Fact]
    public async Task What_the_policy_remembers_and_what_is_pinned_is_there_after_reopening()
    {
        IStoreIndex index = await NewAsync(new KeepingPolicy());
        await PushAllAsync(index, Value("a"), Value("b"), Value("p/c"));
        await index.PinAsync(new Pin("s", "p/"), Ct);
        await index.PopAsync(new PopRequest(Count: 1), Ct);
        await index.DisposeAsync();
        index = Keep(await ReopenAsync(new KeepingPolicy(), Time));
        await PushAllAsync(index, Value("d"), Value("p/e"));
        Assert.True((await index.FindAsync(At("d"), Ct))!.Priority > 1_000_000, "the eviction before is forgotten");
        Assert.Equal([new Pin("s", "p/")], await index.ListPinsAsync(Ct));
        Assert.Equal(["b", "d"], Keys(await index.PopAsync(new PopRequest(Count: 9), Ct)));
    }

    [Theory]
    [InlineData("lru", "gdsf", "cheap dear")]
    [InlineData("gdsf", "lru", "dear cheap")]
    [InlineData("lru", "lifo", "cheap dear")]
    [InlineData("lirs", "fifo", "dear cheap")]
    public async Task Another_policy_gives_every_entry_its_priority(string before, string after, string order)
    {
        IStoreIndex index = await NewAsync(EvictionPolicy.Parse(before));
        await PushAllAsync(
            index,
            Value("dear") with { LoadDuration = TimeSpan.FromSeconds(8) },
            Value("cheap") with { LoadDuration = TimeSpan.FromMilliseconds(20), LastAccess = Noon.AddMinutes(1) });
        await index.DisposeAsync();
        index = Keep(await ReopenAsync(EvictionPolicy.Parse(after), Time));
        Assert.Equal(order.Split(' '), Keys(await index.PopAsync(new PopRequest(Count: 2), Ct)));
    }

    private async Task<IStoreIndex> ReopenAfterAsync(IStoreIndex index)
    {
        await index.DisposeAsync();
        return Keep(await ReopenAsync(EvictionPolicy.Lru, Time));
    }
}
