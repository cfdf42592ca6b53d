using System.Collections.Concurrent;
using System.Globalization;
using Xunit;

namespace ZarrCache.Index.Redis.Tests;

/// <summary>Two instances with a connection each are to the server what two machines are.</summary>
public sealed class SharingTests(Servers servers) : IndexTest(servers)
{
    [Theory]
    [InlineData(ServerKind.Redis)]
    [InlineData(ServerKind.Garnet)]
    public async Task What_one_has_written_the_other_sees(ServerKind kind)
    {
        await using RedisStoreIndex one = await OpenAsync(kind: kind);
        await using RedisStoreIndex other = await OpenAsync(kind: kind);
        IndexEntry pushed = Value("a", "new store");
        await one.PushAsync(pushed, Ct);
        Assert.Equal(pushed.Version, (await other.FindAsync(At("a", "new store"), Ct))!.Version);
        Assert.Equal(pushed.Version, (await other.PushAsync(Value("a", "new store"), Ct))!.Version);
        Assert.Equal(new IndexTotals(1, 100, 100, 0), await one.GetTotalsAsync(null, Ct));
    }

    [Fact]
    public async Task Pushes_of_both_are_in_one_order()
    {
        await using RedisStoreIndex one = await OpenAsync();
        await using RedisStoreIndex other = await OpenAsync();
        for (int i = 0; i < 20; i++)
        {
            await (i % 3 == 0 ? one : other).PushAsync(Value($"{i}"), Ct);
        }

        await other.PushManyAsync(Enumerable.Range(20, 10).Select(i => Value($"{i}", $"s{i % 2}")).ToArray(), Ct);
        await one.PushAsync(Value("30"), Ct);
        Assert.Equal(Enumerable.Range(0, 31).Select(i => i.ToString(CultureInfo.InvariantCulture)), await PopKeysAsync(one));
    }

    [Theory]
    [InlineData(ServerKind.Redis, "lru")]
    [InlineData(ServerKind.Redis, "gdsf")]
    [InlineData(ServerKind.Garnet, "lru")]
    public async Task Concurrent_writes_of_many_keep_the_totals_exact_and_pop_nothing_twice(ServerKind kind, string policy)
    {
        RedisStoreIndex[] indexes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OpenAsync(new() { Policy = EvictionPolicy.Parse(policy) }, kind)));
        var popped = new ConcurrentBag<IndexEntry>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 2000), new ParallelOptions { MaxDegreeOfParallelism = 12, CancellationToken = Ct }, async (i, ct) =>
        {
            RedisStoreIndex index = indexes[i % 4];
            await index.PushAsync(Value($"k/{i % 500}", $"s{i % 3}", i), ct);
            await index.MarkAsync(At($"k/{i % 7}", "s0"), default, ct);
            if (i % 5 == 0)
            {
                foreach (IndexEntry entry in await index.PopAsync(new PopRequest(Count: 2), ct))
                {
                    popped.Add(entry);
                }
            }
        });
        await AssertTotalsExactAsync(indexes[1]);
        Assert.Equal(popped.Count, popped.Select(entry => entry.Version).Distinct().Count());
        foreach (RedisStoreIndex index in indexes)
        {
            await index.DisposeAsync();
        }
    }

    [Fact]
    public async Task All_that_many_pop_at_once_is_popped_once()
    {
        RedisStoreIndex[] indexes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OpenAsync()));
        await indexes[0].PushManyAsync(Enumerable.Range(0, 3000).Select(i => Value($"k{i}", $"s{i % 2}", 1)).ToArray(), Ct);
        var popped = new ConcurrentBag<IndexEntry>();
        await Task.WhenAll(indexes.Select(async index =>
        {
            while (await index.PopAsync(new PopRequest(Count: 50), Ct) is { Count: > 0 } some)
            {
                foreach (IndexEntry entry in some)
                {
                    popped.Add(entry);
                }
            }
        }));
        Assert.Equal(3000, popped.Count);
        Assert.Equal(3000, popped.Select(entry => entry.EntryKey).Distinct().Count());
        Assert.Equal(default, await indexes[3].GetTotalsAsync(null, Ct));
        foreach (RedisStoreIndex index in indexes)
        {
            await index.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_pin_of_one_holds_what_the_other_pushes_next()
    {
        await using RedisStoreIndex one = await OpenAsync();
        await using RedisStoreIndex other = await OpenAsync();
        await other.PushAsync(Value("u/0"), Ct);
        await one.PinAsync(new Pin("s", "u/"), Ct);
        await other.PushAsync(Value("u/1"), Ct);
        await other.PushAsync(Value("v/0"), Ct);
        Assert.Equal(["v/0"], await PopKeysAsync(other));
        Assert.Equal([new Pin("s", "u/")], await other.ListPinsAsync(Ct));
    }

    [Fact]
    public async Task What_the_policy_of_one_has_learnt_the_other_knows_when_it_is_written()
    {
        var options = new RedisStoreIndexOptions { Policy = EvictionPolicy.Gdsf };
        await using RedisStoreIndex one = await OpenAsync(options);
        await using RedisStoreIndex other = await OpenAsync(options);
        await one.PushAsync(Value("dear") with { LoadDuration = TimeSpan.FromMinutes(1) }, Ct);
        await one.PopAsync(new PopRequest(Count: 1), Ct);
        await one.FlushAsync(Ct);
        await other.PushAsync(Value("first"), Ct); // hears of it
        await other.PushAsync(Value("second"), Ct);
        Assert.True((await other.FindAsync(At("second"), Ct))!.Priority > 1, "the inflation that one had learnt is not known to the other");
    }

    [Fact]
    public async Task An_absence_that_another_has_replaced_is_not_believed()
    {
        await using RedisStoreIndex one = await OpenAsync();
        await using RedisStoreIndex other = await OpenAsync();
        await one.PushAsync(Absent("a"), Ct);
        Assert.Equal(EntryKind.Absent, (await one.FindAsync(At("a"), Ct))!.Kind);
        await other.PushAsync(Value("a"), Ct);
        Assert.Equal(EntryKind.Value, (await one.FindAsync(At("a"), Ct))!.Kind);
    }

    [Fact]
    public async Task A_remembered_value_that_another_has_removed_is_forgotten_when_its_bytes_do_not_match()
    {
        await using RedisStoreIndex one = await OpenAsync();
        await using RedisStoreIndex other = await OpenAsync();
        await one.PushAsync(Value("a"), Ct);
        IndexEntry remembered = (await one.FindAsync(At("a"), Ct))!;
        await other.DeleteAsync(At("a"), null, Ct);
        Assert.Null(await one.DeleteAsync(At("a"), remembered.Version, Ct));
        Assert.Null(await one.FindAsync(At("a"), Ct));
    }

    [Fact]
    public async Task Marks_of_both_are_counted()
    {
        await using RedisStoreIndex one = await OpenAsync();
        await using RedisStoreIndex other = await OpenAsync();
        await one.PushAsync(Value("a"), Ct);
        for (int i = 0; i < 10; i++)
        {
            await (i % 2 == 0 ? one : other).MarkAsync(At("a"), default, Ct);
        }

        await Task.WhenAll(one.FlushAsync(Ct).AsTask(), other.FlushAsync(Ct).AsTask());
        await foreach (IndexEntry entry in one.EnumerateAsync(default, Ct))
        {
            Assert.Equal(10, entry.AccessCount);
        }
    }

    [Fact]
    public async Task Another_policy_is_refused_as_long_as_others_use_the_index()
    {
        await using RedisStoreIndex one = await OpenAsync();
        ZarrCacheException refusal = await Assert.ThrowsAsync<ZarrCacheException>(() => OpenAsync(new() { Policy = EvictionPolicy.Lfu }));
        Assert.Contains("is in use with the policy 'lru'; it cannot be opened with 'lfu' meanwhile.", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_gives_no_sign_of_life_is_taken_for_dead_and_what_it_left_for_unclean()
    {
        await using (RedisStoreIndex first = await OpenAsync())
        {
            await first.ConfirmSweptAsync(Ct);
        }

        // its clock stands still, and so it gives none
        var still = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using RedisStoreIndex dead = await OpenAsync(new() { TimeProvider = still, SessionTimeout = TimeSpan.FromSeconds(5) });
        Assert.Equal(IndexCondition.Clean, dead.Condition);
        await using (RedisStoreIndex early = await OpenAsync(new() { SessionTimeout = TimeSpan.FromSeconds(5) }))
        {
            Assert.Equal(IndexCondition.Clean, early.Condition);
        }

        await Task.Delay(TimeSpan.FromSeconds(5.2), TimeProvider.System, Ct);
        await using RedisStoreIndex late = await OpenAsync(new() { SessionTimeout = TimeSpan.FromSeconds(5) });
        Assert.Equal(IndexCondition.Unclean, late.Condition);
    }

    [Theory]
    [InlineData(ServerKind.Redis)]
    [InlineData(ServerKind.Garnet)]
    public async Task A_lease_is_one_holders_until_it_gives_it_back_or_it_runs_out(ServerKind kind)
    {
        await using RedisStoreIndex index = await OpenAsync(new() { FetchLease = TimeSpan.FromSeconds(4) }, kind);
        Assert.Equal(1, await index.TakeLeaseAsync(At("a"), 1, Ct));
        Assert.Equal(1, await index.TakeLeaseAsync(At("a"), 2, Ct));
        Assert.Equal(2, await index.TakeLeaseAsync(At("b"), 2, Ct));
        await index.ReleaseLeaseAsync(At("a"), 2, Ct);
        Assert.Equal(1, await index.TakeLeaseAsync(At("a"), 2, Ct));
        await index.ReleaseLeaseAsync(At("a"), 1, Ct);
        Assert.Equal(2, await index.TakeLeaseAsync(At("a"), 2, Ct));
        for (int i = 0; i < 3; i++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1.5), TimeProvider.System, Ct);
            await index.ProlongLeasesAsync([At("a")], 2, Ct);
        }

        Assert.Equal(2, await index.TakeLeaseAsync(At("a"), 3, Ct));
        Assert.Equal(3, await index.TakeLeaseAsync(At("b"), 3, Ct));
        await Task.Delay(TimeSpan.FromSeconds(6), TimeProvider.System, Ct);
        Assert.Equal(3, await index.TakeLeaseAsync(At("a"), 3, Ct));
    }

    [Fact]
    public async Task Absences_past_their_time_are_trimmed_and_the_totals_stay_right()
    {
        await using RedisStoreIndex index = await OpenAsync(new() { AbsentLifetime = TimeSpan.FromSeconds(5) });
        await index.PushManyAsync(Enumerable.Range(0, 40).Select(i => Absent($"a/{i}")).ToArray(), Ct);
        await index.PushAsync(Value("v"), Ct);
        await Task.Delay(TimeSpan.FromSeconds(6.5), TimeProvider.System, Ct);
        await index.PushAsync(Value("w"), Ct);
        await index.PushAsync(Absent("b"), Ct);
        Assert.Equal(new IndexTotals(3, 200, 200, 1), await index.GetTotalsAsync("s", Ct));
        Assert.Null(await index.FindAsync(At("a/3"), Ct));
        await AssertTotalsExactAsync(index);
    }
}
