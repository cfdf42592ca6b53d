using CsCheck;
using Xunit;

namespace ZarrCache.HitRatio.Tests;

public sealed class OfflineTests
{
    [Fact]
    public void Min_is_the_best_of_all_that_could_be_evicted() =>
        Gen.Select(Gen.Int[0, 5].Array[1, 12], Gen.Int[1, 4]).Sample(
            (keys, capacity) => Assert.Equal(Best(keys, 0, [], capacity), Offline.Min(Of(keys), capacity).Hits),
            iter: 300);

    [Fact]
    public void The_bound_is_surpassed_by_nothing_that_takes_in_each_miss() =>
        Gen.Select(Gen.Int[0, 5].Array[1, 12], Gen.Int[1, 4]).Sample(
            (keys, capacity) => Assert.True(Offline.MostSaved(Of(keys), capacity, _ => 1) >= Best(keys, 0, [], capacity) - 1e-9),
            iter: 300);

    [Fact]
    public void The_bound_counts_no_more_room_than_there_is()
    {
        // a b a b: each hit needs its object for two reads; one object fits
        var trace = new Trace("t", Keys(2), [new(0, 10, 1), new(1, 10, 1), new(0, 10, 1), new(1, 10, 1)]);
        Assert.Equal(2, Offline.MostSaved(trace, 10, _ => 1)); // 4 reads × 10 bytes of room, 2 hits × 2 reads × 10 bytes
        Assert.Equal(0, Offline.MostSaved(trace, 9, _ => 1));
    }

    /// <summary>The most hits, by trying every victim.</summary>
    private static int Best(int[] keys, int at, HashSet<int> cached, int capacity)
    {
        if (at == keys.Length)
        {
            return 0;
        }

        if (cached.Contains(keys[at]))
        {
            return 1 + Best(keys, at + 1, cached, capacity);
        }

        return cached.Count < capacity
            ? Best(keys, at + 1, [.. cached, keys[at]], capacity)
            : cached.Max(victim => Best(keys, at + 1, [.. cached.Where(key => key != victim), keys[at]], capacity));
    }

    private static Trace Of(int[] keys) => new("t", Keys(6), [.. keys.Select(key => new Request(key, 1, 1))]);

    private static EntryKey[] Keys(int count) => [.. Enumerable.Range(0, count).Select(key => new EntryKey("t", $"{key}"))];
}
