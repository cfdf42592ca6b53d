using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class StoreIndexSuite
{
    [Fact]
    public async Task What_is_pinned_is_never_popped_whether_it_was_there_or_comes_later()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("u/0", 10), Part("u/1", 0, 5), Absent("u/2"), Value("v/0", 10), Value("u/0", 10, "t"));
        Assert.Equal(new IndexTotals(3, 15, 15, 1), await index.PinAsync(new Pin("s", "u/"), Ct));
        await PushAllAsync(index, Value("u/9", 10), Value("u/0", 20));
        Assert.Equal(["v/0", "u/0"], Keys(await index.PopAsync(new PopRequest(Bytes: 1000, Count: 100), Ct)));
        Assert.Empty(await index.PopAsync(new PopRequest(Bytes: 1000, Count: 100), Ct));
        Assert.All(await ListAsync(index), entry => Assert.Equal(Retention.Pinned, entry.Retention));
        Assert.Equal([new Pin("s", "u/")], await index.ListPinsAsync(Ct));
    }

    [Fact]
    public async Task What_is_released_goes_again_as_the_policy_says()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("u/0"), Value("v/0"), Value("u/zarr.json"));
        await index.PinAsync(new Pin("s", "u/"), Ct);
        Assert.True(await index.UnpinAsync(new Pin("s", "u/"), Ct));
        Assert.False(await index.UnpinAsync(new Pin("s", "u/"), Ct));
        Assert.Empty(await index.ListPinsAsync(Ct));
        Assert.Equal(["u/0", "v/0", "u/zarr.json"], Keys(await index.PopAsync(new PopRequest(Count: 9), Ct)));
    }

    [Fact]
    public async Task An_entry_is_pinned_as_long_as_one_pin_covers_it()
    {
        IStoreIndex index = await NewAsync();
        await PushAllAsync(index, Value("u/c/0"), Value("u/d/0"));
        await index.PinAsync(new Pin("s", "u/"), Ct);
        await index.PinAsync(new Pin("s", "u/c/"), Ct);
        await index.PinAsync(new Pin("s", "u/c/"), Ct);
        await index.UnpinAsync(new Pin("s", "u/"), Ct);
        Assert.Equal(["u/d/0"], Keys(await index.PopAsync(new PopRequest(Count: 9), Ct)));
        Assert.Equal([new Pin("s", "u/c/")], await index.ListPinsAsync(Ct));
    }

    [Fact]
    public async Task Pins_hold_thousands_of_entries_and_outlast_their_deletion()
    {
        IStoreIndex index = await NewAsync();
        await index.PushManyAsync(Enumerable.Range(0, 9_000).Select(i => Value($"u/{i}", 1)).ToArray(), Ct);
        Assert.Equal(9_000, (await index.PinAsync(new Pin("s", ""), Ct)).Count);
        Assert.Empty(await index.PopAsync(new PopRequest(Count: 1), Ct));
        await index.DeletePrefixAsync("s", "", Ct);
        await index.PushAsync(Value("u/0"), Ct);
        Assert.Empty(await index.PopAsync(new PopRequest(Count: 1), Ct));
        Assert.True(await index.UnpinAsync(new Pin("s", ""), Ct));
        Assert.Single(await index.PopAsync(new PopRequest(Count: 1), Ct));
    }

    [Fact]
    public async Task Pins_are_refused_that_name_no_store_or_no_prefix()
    {
        IStoreIndex index = await NewAsync();
        await Assert.ThrowsAsync<ArgumentException>(async () => await index.PinAsync(new Pin("", "u/"), Ct));
        ArgumentException exception = await Assert.ThrowsAsync<ArgumentException>(async () => await index.PinAsync(new Pin("s", "u"), Ct));
        Assert.Contains("'u'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pins_are_listed_by_store_and_prefix()
    {
        IStoreIndex index = await NewAsync();
        foreach (Pin pin in (Pin[])[new("t", "a/"), new("s", "b/"), new("s", "")])
        {
            await index.PinAsync(pin, Ct);
        }

        Assert.Equal([new("s", ""), new("s", "b/"), new("t", "a/")], await index.ListPinsAsync(Ct));
    }
}
