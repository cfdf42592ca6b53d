using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class StoreIndexSuite
{
    [Fact]
    public async Task The_policy_is_asked_about_the_first_that_would_go()
    {
        IStoreIndex index = await NewAsync(new KeepingPolicy());
        await PushAllAsync(index, Value("large", 50), Value("small", 10));
        Assert.True(await index.AdmitsAsync(Value("new", 30), new PopRequest(Bytes: 1), Ct));
        await index.MarkAsync(At("large"), Noon, Ct);
        Assert.False(await index.AdmitsAsync(Value("new", 30), new PopRequest(Bytes: 1), Ct));
        Assert.Equal(["small", "large"], Keys(await ListAsync(index, new IndexQuery(Order: IndexOrder.Priority))));
        await AssertTotalsExactAsync(index);
    }

    [Fact]
    public async Task Where_nothing_would_go_everything_is_admitted()
    {
        IStoreIndex index = await NewAsync(EvictionPolicy.Lifo);
        Assert.True(await index.AdmitsAsync(Value("a"), new PopRequest(Bytes: 1), Ct));
        await PushAllAsync(index, Value("b"), Value("zarr.json", store: "t"), Value("p/c", store: "u"));
        await index.PinAsync(new Pin("u", "p/"), Ct);
        Assert.False(await index.AdmitsAsync(Value("a"), new PopRequest(Bytes: 1), Ct));
        Assert.True(await index.AdmitsAsync(Value("zarr.json"), new PopRequest(Bytes: 1), Ct));
        Assert.True(await index.AdmitsAsync(Value("p/d", store: "u"), new PopRequest(Bytes: 1), Ct));
        Assert.True(await index.AdmitsAsync(Value("a", store: "t"), new PopRequest(Bytes: 1, StoreId: "t"), Ct));
        Assert.True(await index.AdmitsAsync(Value("d", store: "u"), new PopRequest(Bytes: 1, StoreId: "u"), Ct));
    }

    [Fact]
    public async Task Asking_takes_nothing_and_is_no_eviction()
    {
        IStoreIndex index = await NewAsync(EvictionPolicy.Gdsf);
        await PushAllAsync(index, Value("cheap") with { LoadDuration = TimeSpan.FromMilliseconds(1) }, Value("dear") with { LoadDuration = TimeSpan.FromSeconds(1) });
        IndexEntry cheap = Value("new") with { LoadDuration = TimeSpan.FromMilliseconds(2) };
        for (int i = 0; i < 3; i++)
        {
            Assert.True(await index.AdmitsAsync(cheap, new PopRequest(Bytes: 1), Ct));
        }

        Assert.Equal(2, (await index.GetTotalsAsync(null, Ct)).Count);
        Assert.Equal(["cheap"], Keys(await index.PopAsync(new PopRequest(Count: 1), Ct)));
        Assert.False(await index.AdmitsAsync(cheap, new PopRequest(Bytes: 1), Ct));
    }

    [Fact]
    public async Task Where_nothing_is_to_go_nobody_is_asked()
    {
        IStoreIndex index = await NewAsync(EvictionPolicy.Lifo);
        await PushAllAsync(index, Value("b"));
        Assert.True(await index.AdmitsAsync(Value("a"), default, Ct));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await index.AdmitsAsync(Value("a"), new PopRequest(Bytes: -1), Ct));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await index.PopAsync(new PopRequest(Count: -1), Ct));
    }

    [Fact]
    public async Task What_is_kept_when_it_is_asked_has_had_its_second_chance()
    {
        IStoreIndex index = await NewAsync(new KeepingPolicy());
        await PushAllAsync(index, Value("a"));
        await index.MarkAsync(At("a"), Noon, Ct);
        await index.AdmitsAsync(Value("new"), new PopRequest(Bytes: 1), Ct);
        IndexEntry asked = Assert.Single(await ListAsync(index, new IndexQuery(Order: IndexOrder.Priority)));
        Assert.False(asked.Referenced);
        Assert.True(asked.Priority > 1_000_000, "it has not been given its new priority");
    }
}
