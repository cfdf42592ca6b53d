using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace ZarrCache.Index.Sqlite.Tests;

public sealed class WritingTests : IndexTest
{
    [Fact]
    public async Task A_write_that_fails_fails_alone()
    {
        await using SqliteStoreIndex index = Open(new() { Policy = new PickyPolicy() });
        Task[] pushes = [.. Enumerable.Range(0, 300).Select(i => index.PushAsync(Value(i % 7 == 0 ? $"bad/{i}" : $"good/{i}"), Ct).AsTask())];
        await Record.ExceptionAsync(() => Task.WhenAll(pushes));
        Assert.All(pushes.Where((_, i) => i % 7 == 0), push => Assert.IsType<InvalidOperationException>(push.Exception!.InnerException));
        Assert.All(pushes.Where((_, i) => i % 7 != 0), push => Assert.True(push.IsCompletedSuccessfully));
        Assert.Equal(pushes.Count(push => push.IsCompletedSuccessfully), (await index.GetTotalsAsync(null, Ct)).Count);
    }

    [Fact]
    public async Task A_priority_that_is_not_a_number_is_refused_by_the_policys_name()
    {
        await using SqliteStoreIndex index = Open(new() { Policy = new PickyPolicy() });
        ZarrCacheException refusal = await Assert.ThrowsAsync<ZarrCacheException>(async () => await index.PushAsync(Value("nan"), Ct));
        Assert.Equal("The eviction policy 'picky' gave the priority NaN; a priority is a finite number.", refusal.Message);
        Assert.Empty(await index.ListStoresAsync(Ct));
    }

    [Fact]
    public async Task Accesses_are_written_when_their_time_has_come()
    {
        var time = new FakeTimeProvider();
        await using SqliteStoreIndex index = Open(new() { TimeProvider = time, MarkFlushInterval = TimeSpan.FromSeconds(3) });
        await using SqliteStoreIndex other = Open();
        await index.PushAsync(Value("a"), Ct);
        await index.MarkAsync(At("a"), DateTimeOffset.UnixEpoch, Ct);
        Assert.Equal(0, await AccessCountAsync(other));
        time.Advance(TimeSpan.FromSeconds(3));
        await index.TouchAsync(At("other"), DateTimeOffset.UnixEpoch, Ct); // queued behind the flush
        Assert.Equal(1, await AccessCountAsync(other));
    }

    [Fact]
    public async Task Accesses_are_written_when_there_are_many()
    {
        await using SqliteStoreIndex index = Open(new() { TimeProvider = new FakeTimeProvider(), MarkFlushCount = 2 });
        await using SqliteStoreIndex other = Open();
        await index.PushAsync(Value("a"), Ct);
        await index.MarkAsync(At("a"), DateTimeOffset.UnixEpoch, Ct);
        await index.MarkAsync(At("b"), DateTimeOffset.UnixEpoch, Ct);
        await index.TouchAsync(At("other"), DateTimeOffset.UnixEpoch, Ct);
        Assert.Equal(1, await AccessCountAsync(other));
    }

    [Fact]
    public async Task An_access_of_an_entry_that_was_replaced_does_not_count_for_the_new_one()
    {
        await using SqliteStoreIndex index = Open();
        await index.PushAsync(Value("a"), Ct);
        await index.MarkAsync(At("a"), DateTimeOffset.UnixEpoch, Ct);
        Assert.Equal(1, (await index.PushAsync(Value("a"), Ct))!.AccessCount);
        Assert.Equal(0, Assert.Single(await index.PopAsync(new PopRequest(Count: 1), Ct)).AccessCount);
    }

    [Fact]
    public async Task Removing_a_large_prefix_takes_all_of_it_and_nothing_else()
    {
        await using SqliteStoreIndex index = Open();
        await index.PushManyAsync(Enumerable.Range(0, 9500).Select(i => Value($"u/{i}")).ToArray(), Ct);
        await index.PushManyAsync(Enumerable.Range(0, 9000).Select(i => Part("u/one", 10 * i, 10)).ToArray(), Ct);
        await index.PushManyAsync(new[] { Value("u"), Value("u0"), Value("t/\U0010FFFF"), Value("u/1", "other") }, Ct);
        Assert.Equal(new IndexTotals(18_500, 1_040_000, 1_040_000, 0), await index.DeletePrefixAsync("s", "u/", Ct));
        Assert.Equal(new IndexTotals(4, 400, 400, 0), await index.GetTotalsAsync(null, Ct));
        Assert.Equal(["u", "u0", "t/\U0010FFFF", "u/1"], await PopKeysAsync(index));
    }

    [Fact]
    public async Task A_key_with_half_a_surrogate_pair_meets_no_other()
    {
        await using SqliteStoreIndex index = Open();
        await index.PushAsync(Value("\uFFFD"), Ct);
        await Assert.ThrowsAsync<ArgumentException>(async () => await index.FindAsync(At("\uD800"), Ct));
        await Assert.ThrowsAsync<ArgumentException>(async () => await index.PushAsync(Value("\uD800"), Ct));
        await Assert.ThrowsAsync<ArgumentException>(async () => await index.PushAsync(Value("a", "\uD800"), Ct));
    }

    private static async Task<long> AccessCountAsync(SqliteStoreIndex index)
    {
        await foreach (IndexEntry entry in index.EnumerateAsync(default, Ct))
        {
            return entry.AccessCount;
        }

        return -1;
    }

    private sealed class PickyPolicy : EvictionPolicy
    {
        public override string Name => "picky";

        public override double OnPush(IndexEntry entry, long clock) => entry.Key switch
        {
            "nan" => double.NaN,
            ['b', ..] => throw new InvalidOperationException(entry.Key),
            _ => clock,
        };

        public override double OnMark(IndexEntry entry, long clock) => clock;
    }
}
