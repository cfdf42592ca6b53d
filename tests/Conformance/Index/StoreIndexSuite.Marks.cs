using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class StoreIndexSuite
{
    [Fact]
    public async Task A_mark_is_seen_by_enumerate()
    {
        IStoreIndex index = await NewAsync();
        IndexEntry entry = Value("k") with { ETag = "\"1\"" };
        await PushAllAsync(index, entry, Value("other"));
        await index.MarkAsync(At("k"), Noon.AddMinutes(1), Ct);
        await index.MarkAsync(At("k"), Noon.AddMinutes(2), Ct);
        IndexEntry marked = Assert.Single(await ListAsync(index), found => found.Key == "k");
        AssertSame(entry with { AccessCount = 2, LastAccess = Noon.AddMinutes(2) }, marked);
    }

    [Fact]
    public async Task A_mark_is_seen_by_pop()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("a"), Part("b", 4, 4), Absent("c"));
        await index.MarkAsync(At("c"), Noon.AddMinutes(1), Ct);
        await index.MarkAsync(At("a"), Noon.AddMinutes(2), Ct);
        await index.MarkAsync(At("b", offset: 4), Noon.AddMinutes(3), Ct);
        IReadOnlyList<IndexEntry> popped = await index.PopAsync(new PopRequest(Count: 3), Ct);
        Assert.Equal(["c", "a", "b"], Keys(popped));
        Assert.All(popped, entry => Assert.Equal(1, entry.AccessCount));
        Assert.Equal([Noon.AddMinutes(1), Noon.AddMinutes(2), Noon.AddMinutes(3)], popped.Select(entry => entry.LastAccess));
    }

    [Fact]
    public async Task The_last_of_many_marks_decides()
    {
        IStoreIndex index = await NewAsync();
        string[] keys = [.. Enumerable.Range(0, 300).Select(i => $"k{i}")];
        await index.PushManyAsync(keys.Select(key => Value(key)).ToArray(), Ct);
        string[] shuffled = [.. keys];
        for (int round = 0; round < 3; round++)
        {
            new Random(round).Shuffle(shuffled);
            foreach (string key in shuffled)
            {
                await index.MarkAsync(At(key), Noon.AddMinutes(round), Ct);
            }
        }

        Assert.Equal(shuffled, Keys(await ListAsync(index, new IndexQuery(Order: IndexOrder.Priority))));
        Assert.Equal(shuffled, Keys(await index.PopAsync(new PopRequest(Count: 300), Ct)));
    }

    [Fact]
    public async Task Marks_and_touches_of_what_is_not_there_have_no_effect()
    {
        IStoreIndex index = await NewAsync();
        await index.PushAsync(Value("k"), Ct);
        await index.MarkAsync(At("gone"), Noon, Ct);
        await index.MarkAsync(At("k", "other"), Noon, Ct);
        await index.MarkAsync(At("k", offset: 0), Noon, Ct);
        await index.TouchAsync(At("gone"), Noon, Ct);
        await index.FlushAsync(Ct);
        IndexEntry only = Assert.Single(await ListAsync(index));
        Assert.Equal(("k", 0), (only.Key, only.AccessCount));
    }

    [Fact]
    public async Task A_mark_before_a_replacement_does_not_count_for_what_replaced_it()
    {
        IStoreIndex index = await NewAsync();
        await index.PushAsync(Value("k"), Ct);
        await index.MarkAsync(At("k"), Noon.AddMinutes(1), Ct);
        IndexEntry second = Value("k", 5);
        await index.PushAsync(second, Ct);
        await index.FlushAsync(Ct);
        AssertSame(second, Assert.Single(await ListAsync(index)));
        AssertSame(second, await index.FindAsync(At("k"), Ct));
    }

    [Fact]
    public async Task A_mark_does_not_bring_back_what_was_deleted()
    {
        IStoreIndex index = await NewAsync();
        await index.PushAsync(Value("k"), Ct);
        await index.MarkAsync(At("k"), Noon.AddMinutes(1), Ct);
        await index.DeleteAsync(At("k"), null, Ct);
        await index.FlushAsync(Ct);
        Assert.Empty(await ListAsync(index));
        Assert.Equal(default, await index.GetTotalsAsync(null, Ct));
    }

    [Fact]
    public async Task A_touch_changes_when_the_entry_was_confirmed_and_no_order()
    {
        IStoreIndex index = await NewAsync();
        IndexEntry a = Value("a");
        await PushAllAsync(index, a, Value("b"));
        await index.TouchAsync(At("a"), Noon.AddHours(3), Ct);
        AssertSame(a with { ValidatedAt = Noon.AddHours(3) }, await index.FindAsync(At("a"), Ct));
        Assert.Equal(["a", "b"], Keys(await index.PopAsync(new PopRequest(Count: 2), Ct)));
    }

    [Fact]
    public async Task A_flush_loses_nothing()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("a"), Value("b"));
        await index.FlushAsync(Ct);
        await index.MarkAsync(At("a"), Noon.AddMinutes(1), Ct);
        await index.FlushAsync(Ct);
        Assert.Equal(1, Assert.Single(await ListAsync(index), entry => entry.Key == "a").AccessCount);
        Assert.Equal(["b", "a"], Keys(await index.PopAsync(new PopRequest(Count: 2), Ct)));
    }
}
