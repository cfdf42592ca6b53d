using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class StoreIndexSuite
{
    [Fact]
    public async Task A_cancelled_call_says_so_and_changes_nothing()
    {
        IStoreIndex index = await NewAsync();
        await index.PushAsync(Value("k"), Ct);
        foreach ((string name, Func<IStoreIndex, CancellationToken, Task> call) in Calls())
        {
            await AssertThrowsAsync<OperationCanceledException>(name, () => call(index, new CancellationToken(true)));
        }

        Assert.Equal(0, Assert.Single(await ListAsync(index)).AccessCount);
        Assert.Equal(new IndexTotals(1, 100, 100, 0), await index.GetTotalsAsync(null, Ct));
    }

    [Fact]
    public async Task A_disposed_index_says_so()
    {
        IStoreIndex index = await NewAsync();
        await index.PushAsync(Value("k"), Ct);
        await index.DisposeAsync();
        foreach ((string name, Func<IStoreIndex, CancellationToken, Task> call) in Calls())
        {
            await AssertThrowsAsync<ObjectDisposedException>(name, () => call(index, Ct));
        }
    }

    [Fact]
    public async Task Disposing_twice_is_fine()
    {
        IStoreIndex index = await NewAsync();
        await index.PushAsync(Value("k"), Ct);
        await index.DisposeAsync();
        await index.DisposeAsync();
    }

    [Fact]
    public async Task Disposing_amid_work_ends_it_and_breaks_nothing()
    {
        IStoreIndex index = await NewAsync();
        Task work = InParallelAsync(async task =>
        {
            try
            {
                for (int i = 0; ; i++)
                {
                    await index.PushAsync(Value($"{task}/{i % 50}"), Ct);
                    await index.MarkAsync(At($"{task}/0"), Noon, Ct);
                }
            }
            catch (ObjectDisposedException)
            {
                // the end of the work that the fact asks for
            }
        });
        await index.DisposeAsync();
        await work.WaitAsync(TimeSpan.FromMinutes(1), Ct);
    }

    private static IEnumerable<(string Name, Func<IStoreIndex, CancellationToken, Task> Call)> Calls() =>
    [
        ("Find", (index, ct) => index.FindAsync(At("k"), ct).AsTask()),
        ("FindParts", (index, ct) => index.FindPartsAsync("s", "k", 0, 1, ct).AsTask()),
        ("Push", (index, ct) => index.PushAsync(Value("other"), ct).AsTask()),
        ("PushMany", (index, ct) => index.PushManyAsync(new[] { Value("other") }, ct).AsTask()),
        ("Pop", (index, ct) => index.PopAsync(new PopRequest(Count: 1), ct).AsTask()),
        ("Mark", (index, ct) => index.MarkAsync(At("k"), Noon, ct).AsTask()),
        ("Touch", (index, ct) => index.TouchAsync(At("k"), Noon, ct).AsTask()),
        ("Delete", (index, ct) => index.DeleteAsync(At("k"), null, ct).AsTask()),
        ("DeleteKey", (index, ct) => index.DeleteKeyAsync("s", "k", ct).AsTask()),
        ("DeletePrefix", (index, ct) => index.DeletePrefixAsync("s", "", ct).AsTask()),
        ("GetTotals", (index, ct) => index.GetTotalsAsync(null, ct).AsTask()),
        ("ListStores", (index, ct) => index.ListStoresAsync(ct).AsTask()),
        ("Flush", (index, ct) => index.FlushAsync(ct).AsTask()),
        ("Enumerate", async (index, ct) =>
        {
            await foreach (IndexEntry _ in index.EnumerateAsync(new IndexQuery(Order: IndexOrder.Size), ct))
            {
            }
        }),
    ];

    private static async Task AssertThrowsAsync<TException>(string name, Func<Task> call)
        where TException : Exception
    {
        Exception? thrown = await Record.ExceptionAsync(call);
        Assert.True(thrown is TException, $"{name} was to throw {typeof(TException).Name}, but threw {thrown?.ToString() ?? "nothing"}.");
    }
}
