using Xunit;

namespace ZarrCache.Index.Faster.Tests;

/// <summary>An index of which most is on disk, and more entries than a window holds.</summary>
public sealed class SpilledTests : IndexTest
{
    private const int Count = 20_000;

    [Fact]
    public async Task All_work_goes_on_when_the_log_is_on_disk()
    {
        await using FasterStoreIndex index = Open();
        await index.PushManyAsync(Enumerable.Range(0, Count).Select(i => Value($"c/{i}", $"s{i % 3}", i)).ToArray(), Ct);
        for (int i = 0; i < Count; i += 7)
        {
            EntryKey at = At($"c/{i}", $"s{i % 3}");
            Assert.Equal(i, (await index.FindAsync(at, Ct))?.Size);
            await index.MarkAsync(at, DateTimeOffset.UnixEpoch, Ct);
            await index.TouchAsync(at, DateTimeOffset.UnixEpoch, Ct);
            Assert.Equal((1, DateTimeOffset.UnixEpoch), ((await index.FindAsync(at, Ct))!.AccessCount, (await index.FindAsync(at, Ct))!.ValidatedAt));
        }

        for (int i = 0; i < Count; i += 11)
        {
            EntryKey at = At($"c/{i}", $"s{i % 3}");
            Assert.Equal(i, (await index.DeleteAsync(at, null, Ct))?.Size);
            Assert.Null(await index.FindAsync(at, Ct));
            Assert.Null(await index.DeleteAsync(at, null, Ct));
        }

        await AssertTotalsExactAsync(index);
        List<IndexEntry> byKey = await ListAsync(index, new IndexQuery(Order: IndexOrder.Key));
        Assert.Equal(byKey.OrderBy(entry => entry.StoreId, StringComparer.Ordinal).ThenBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => entry.EntryKey), byKey.Select(entry => entry.EntryKey));
        await index.DeletePrefixAsync("s1", "c/", Ct);
        await AssertTotalsExactAsync(index);
        Assert.Equal(["s0", "s2"], await index.ListStoresAsync(Ct));
    }

    [Fact]
    public async Task Every_entry_is_popped_once_and_the_log_ends_empty()
    {
        await using FasterStoreIndex index = Open();
        await index.PushManyAsync(Enumerable.Range(0, Count).Select(i => Value($"c/{i}", $"s{i % 3}")).ToArray(), Ct);
        var popped = new HashSet<EntryKey>();
        while (await index.PopAsync(new PopRequest(Count: 700, StoreId: popped.Count % 2 == 0 ? "s1" : null), Ct) is { Count: > 0 } some)
        {
            Assert.All(some, entry => Assert.True(popped.Add(entry.EntryKey)));
        }

        Assert.Equal(Count, popped.Count);
        Assert.Equal(default, await index.GetTotalsAsync(null, Ct));
        Assert.Empty(await ListAsync(index));
    }

    [Fact]
    public async Task What_was_read_lately_stays_under_lru()
    {
        await using FasterStoreIndex index = Open();
        await index.PushManyAsync(Enumerable.Range(0, Count).Select(i => Value($"c/{i}")).ToArray(), Ct);
        for (int i = 0; i < Count; i += 10)
        {
            await index.MarkAsync(At($"c/{i}"), default, Ct);
        }

        IReadOnlyList<IndexEntry> popped = await index.PopAsync(new PopRequest(Count: Count / 2), Ct);
        Assert.InRange(popped.Count(entry => entry.AccessCount > 0), 0, Count / 1000);
        Assert.InRange(popped.Count(entry => int.Parse(entry.Key[2..], System.Globalization.CultureInfo.InvariantCulture) > Count * 6 / 10), 0, Count / 100);
    }

    [Fact]
    public async Task What_costs_least_goes_first_under_gdsf_though_the_log_says_nothing_of_it()
    {
        await using FasterStoreIndex index = Open(Small with { Policy = EvictionPolicy.Gdsf });
        var random = new Random(3);
        await index.PushManyAsync(Enumerable.Range(0, Count).Select(i => Value($"c/{i}") with { LoadDuration = TimeSpan.FromMilliseconds(random.Next(1, 1000)) }).ToArray(), Ct);
        double popped = (await index.PopAsync(new PopRequest(Count: Count / 2), Ct)).Average(entry => entry.LoadDuration.TotalMilliseconds);
        double left = (await ListAsync(index)).Average(entry => entry.LoadDuration.TotalMilliseconds);
        Assert.True(popped < 400 && left > 600, $"Popped were entries of {popped:0} ms, and left those of {left:0} ms; the exact order gives 250 and 750.");
    }

    [Fact]
    public async Task The_last_in_goes_first_under_lifo()
    {
        await using FasterStoreIndex index = Open(Small with { Policy = EvictionPolicy.Lifo });
        await index.PushManyAsync(Enumerable.Range(0, Count).Select(i => Value($"c/{i}")).ToArray(), Ct);
        IReadOnlyList<IndexEntry> popped = await index.PopAsync(new PopRequest(Count: 10_000), Ct);
        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => $"c/{Count - 1 - i}"), popped.Select(entry => entry.Key));
    }

    [Fact]
    public async Task A_store_at_its_minimum_does_not_stand_in_the_way()
    {
        await using FasterStoreIndex index = Open();
        await index.PushManyAsync(Enumerable.Range(0, Count).Select(i => Value($"c/{i}", i < Count / 2 ? "kept" : "other", 10)).ToArray(), Ct);
        var minima = new Dictionary<string, long> { ["kept"] = 10 * Count / 2 };
        for (int i = 0; i < 10; i++)
        {
            Assert.All(await index.PopAsync(new PopRequest(Count: 100, Minima: minima), Ct), entry => Assert.Equal("other", entry.StoreId));
        }

        Assert.Equal((Count / 2) - 1000, (await index.GetTotalsAsync("other", Ct)).Count);
        await AssertTotalsExactAsync(index);
    }

    [Fact]
    public async Task The_log_stays_within_twice_what_is_live()
    {
        await using FasterStoreIndex index = Open(Small with { LogMemoryBytes = 4 << 20 });
        for (int round = 0; round < 40; round++)
        {
            await index.PushManyAsync(Enumerable.Range(0, Count).Select(i => Value($"c/{i}")).ToArray(), Ct);
        }

        await index.FlushAsync(Ct);
        await index.PushAsync(Value("last"), Ct);
        long live = Count * 200;
        long files = Directory.GetFiles(IndexPath, "log.*").Sum(file => new FileInfo(file).Length);
        Assert.InRange(files, live, (2 * live) + (4 * ChecksummedLogDevice.SegmentBytes));
        await AssertTotalsExactAsync(index);
    }

    [Theory]
    [InlineData(1 << 18)]
    [InlineData(256 << 20)]
    public async Task The_hash_table_grows_with_its_keys_in_memory_at_once_and_else_when_it_is_opened_next(int memory)
    {
        await using (FasterStoreIndex index = Open(Small with { ExpectedKeys = 1, LogMemoryBytes = memory }))
        {
            await index.PushManyAsync(Enumerable.Range(0, 5 * Count).Select(i => Value($"c/{i}")).ToArray(), Ct);
        }

        await using (FasterStoreIndex larger = Open())
        {
            Assert.NotNull(await larger.FindAsync(At("c/7"), Ct));
        }

        await using FasterStoreIndex again = Open();
        await AssertTotalsExactAsync(again);
        Assert.Equal(5 * Count, (await again.GetTotalsAsync("s", Ct)).Count);
        Assert.InRange(new FileInfo(Assert.Single(Directory.GetFiles(IndexPath, "table.*"))).Length, 5 * Count * 8, 5 * Count * 64);
    }

    [Fact]
    public async Task Parts_are_found_whatever_came_and_went()
    {
        await using FasterStoreIndex index = Open();
        var random = new Random(9);
        var there = new SortedSet<long>();
        for (int i = 0; i < 6000; i++)
        {
            long offset = random.Next(3000) * 10L;
            if (random.Next(3) > 0)
            {
                await index.PushAsync(Part("k", offset, 8), Ct);
                there.Add(offset);
            }
            else
            {
                Assert.Equal(there.Remove(offset), await index.DeleteAsync(new EntryKey("s", "k", offset), null, Ct) is not null);
            }

            if (i % 50 == 0)
            {
                long from = random.Next(30_000);
                long length = random.Next(1, 400);
                Assert.Equal(there.Where(start => start + 8 > from && start < from + length), (await index.FindPartsAsync("s", "k", from, length, Ct)).Select(part => part.Offset));
            }
        }

        await AssertTotalsExactAsync(index);
        Assert.Equal(there.Count, (await index.DeleteKeyAsync("s", "k", Ct)).Count);
        Assert.Empty(await index.FindPartsAsync("s", "k", 0, long.MaxValue, Ct));
        Assert.Equal(default, await index.GetTotalsAsync(null, Ct));
    }

    [Fact]
    public async Task Many_at_once_keep_the_totals_exact_while_checkpoints_are_made()
    {
        await using FasterStoreIndex index = Open(Small with { CheckpointInterval = TimeSpan.FromMilliseconds(100) });
        var popped = new System.Collections.Concurrent.ConcurrentBag<long>();
        Task flushes = Task.Run(async () =>
        {
            for (int i = 0; i < 30; i++)
            {
                await index.FlushAsync(Ct);
            }
        }, Ct);
        await Parallel.ForEachAsync(Enumerable.Range(0, 8), Ct, async (task, ct) =>
        {
            var random = new Random(task);
            for (int i = 0; i < 3000; i++)
            {
                string key = $"{random.Next(10)}/{random.Next(300)}";
                switch (random.Next(10))
                {
                    case < 5: await index.PushAsync(Value(key, $"s{random.Next(2)}", random.Next(100)), ct); break;
                    case 5: await index.PushAsync(Part(key, 10 * random.Next(5), 10), ct); break;
                    case 6: await index.MarkAsync(At(key), default, ct); break;
                    case 7: await index.DeleteKeyAsync("s", key, ct); break;
                    case 8 when i % 100 == 0: await index.DeletePrefixAsync("s1", $"{random.Next(10)}/", ct); break;
                    default:
                        foreach (IndexEntry entry in await index.PopAsync(new PopRequest(Count: 3), ct))
                        {
                            popped.Add(entry.Version);
                        }

                        break;
                }
            }
        });
        await flushes;
        Assert.Equal(popped.Count, popped.Distinct().Count());
        await AssertTotalsExactAsync(index);
        await index.DisposeAsync();
        await using FasterStoreIndex again = Open();
        await AssertTotalsExactAsync(again);
    }
}
