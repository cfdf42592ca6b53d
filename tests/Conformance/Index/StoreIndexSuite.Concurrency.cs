using System.Collections.Concurrent;
using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class StoreIndexSuite
{
    private const int Tasks = 8;

    [Fact]
    public async Task No_entry_is_popped_twice_by_concurrent_pops()
    {
        IStoreIndex index = await NewAsync();
        await index.PushManyAsync(Enumerable.Range(0, 2_000).Select(i => Value($"k{i}", 1, $"s{i % 2}")).ToArray(), Ct);
        var popped = new ConcurrentBag<IndexEntry>();
        await InParallelAsync(async task =>
        {
            IReadOnlyList<IndexEntry> batch;
            do
            {
                batch = await index.PopAsync(new PopRequest(Count: 7, StoreId: task % 2 == 0 ? null : "s1"), Ct);
                foreach (IndexEntry entry in batch)
                {
                    popped.Add(entry);
                }
            }
            while (batch.Count > 0);
        });
        Assert.Equal(2_000, popped.Count);
        Assert.Equal(2_000, popped.Select(entry => entry.EntryKey).Distinct().Count());
        Assert.Equal(default, await index.GetTotalsAsync(null, Ct));
    }

    [Fact]
    public async Task Concurrent_pushes_of_one_key_leave_one_entry_and_replace_each_other_once()
    {
        IStoreIndex index = await NewAsync();
        var pushed = new ConcurrentBag<long>();
        var replaced = new ConcurrentBag<long>();
        await InParallelAsync(async task =>
        {
            for (int i = 0; i < 50; i++)
            {
                IndexEntry entry = Value("k", i + 1);
                pushed.Add(entry.Version);
                if (await index.PushAsync(entry, Ct) is { } old)
                {
                    replaced.Add(old.Version);
                }
            }
        });
        IndexEntry last = Assert.Single(await ListAsync(index));
        Assert.Equal(pushed.Order(), replaced.Append(last.Version).Order());
        Assert.Equal(IndexTotals.Of(last), await index.GetTotalsAsync(null, Ct));
    }

    [Fact]
    public async Task A_version_is_deleted_by_one_of_many()
    {
        IStoreIndex index = await NewAsync();
        IndexEntry[] entries = [.. Enumerable.Range(0, 100).Select(i => Value($"k{i}"))];
        await index.PushManyAsync(entries, Ct);
        int deleted = 0;
        await InParallelAsync(async task =>
        {
            foreach (IndexEntry entry in entries)
            {
                if (await index.DeleteAsync(entry.EntryKey, entry.Version, Ct) is not null)
                {
                    Interlocked.Increment(ref deleted);
                }
            }
        });
        Assert.Equal(entries.Length, deleted);
    }

    [Fact]
    public async Task Totals_are_exact_after_mixed_concurrent_work()
    {
        IStoreIndex index = await NewAsync();
        await InParallelAsync(async task =>
        {
            var random = new Random(task);
            for (int i = 0; i < 250; i++)
            {
                string key = $"{random.Next(4)}/{random.Next(12)}";
                string store = $"s{random.Next(2)}";
                switch (random.Next(12))
                {
                    case < 4: await index.PushAsync(Value(key, random.Next(1_000), store), Ct); break;
                    case 4: await index.PushAsync(Absent(key, store), Ct); break;
                    case 5: await index.PushManyAsync(new[] { Part(key, 0, 9, store), Value(key, 3, store), Part(key, 9, 9, store) }, Ct); break;
                    case 6: await index.MarkAsync(At(key, store), Noon, Ct); break;
                    case 7: await index.DeleteAsync(At(key, store), null, Ct); break;
                    case 8: await index.DeleteKeyAsync(store, key, Ct); break;
                    case 9: await index.DeletePrefixAsync(store, $"{random.Next(4)}/", Ct); break;
                    case 10: await index.PopAsync(new PopRequest(Bytes: 500), Ct); break;
                    default: await ListAsync(index, new IndexQuery(store, Order: IndexOrder.Priority, Limit: 5)); break;
                }
            }
        });
        await AssertTotalsExactAsync(index);
    }

    [Fact]
    public async Task A_completed_push_is_found_by_everybody_at_once()
    {
        IStoreIndex index = await NewAsync();
        await InParallelAsync(async task =>
        {
            for (int i = 0; i < 100; i++)
            {
                IndexEntry entry = Value($"{task}/{i}", i);
                await index.PushAsync(entry, Ct);
                AssertSame(entry, await index.FindAsync(entry.EntryKey, Ct));
                IndexEntry again = Value($"{task}/{i}", i + 1);
                await index.PushAsync(again, Ct);
                AssertSame(again, await index.FindAsync(entry.EntryKey, Ct));
            }
        });
        Assert.Equal(100 * Tasks, (await index.GetTotalsAsync("s", Ct)).Count);
    }

    private static Task InParallelAsync(Func<int, Task> work) =>
        Task.WhenAll(Enumerable.Range(0, Tasks).Select(task => Task.Run(() => work(task), Ct)));
}
