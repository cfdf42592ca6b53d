using CsCheck;
using Xunit;

namespace ZarrCache.Core.Tests.Policies;

/// <summary>What every policy owes its index, whatever it is given.</summary>
public sealed class PolicyTests
{
    public static TheoryData<string> Names => [.. EvictionPolicy.All.Select(policy => policy.Name)];

    [Fact]
    public void A_name_that_does_not_exist_is_refused_with_those_that_do()
    {
        var refusal = Assert.Throws<ArgumentException>(() => EvictionPolicy.Parse("mru"));
        Assert.StartsWith("There is no eviction policy 'mru'; there is lru, fifo, lifo, lfu, gdsf, lirs.", refusal.Message, StringComparison.Ordinal);
        Assert.All(EvictionPolicy.All, policy => Assert.Equal(policy.Name, EvictionPolicy.Parse(policy.Name.ToUpperInvariant()).Name));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Whatever_an_entry_says_its_priority_is_finite_and_what_is_kept_gains(string name)
    {
        long[] extremes = [long.MinValue, -1, 0, 1, 511, 512, 1 << 20, long.MaxValue];
        Gen<IndexEntry> entries = Gen.Select(Gen.OneOf(extremes), Gen.OneOf(extremes), Gen.OneOf(extremes), Gen.Int[0, 20], (size, ticks, count, key) => new IndexEntry
        {
            StoreId = "s",
            Key = $"c/{key}",
            AllocatedSize = size,
            LoadDuration = new TimeSpan(ticks),
            AccessCount = count,
        });
        entries.Array[1, 200].Sample(
            all =>
            {
                EvictionPolicy policy = EvictionPolicy.Parse(name).ForIndex();
                long clock = 0;
                foreach (IndexEntry entry in all)
                {
                    clock++;
                    double pushed = policy.OnPush(entry, clock);
                    IndexEntry marked = entry with { Priority = pushed, AccessClock = clock + 1, Referenced = true };
                    double priority = policy.OnMark(marked, ++clock);
                    Assert.True(double.IsFinite(pushed) && double.IsFinite(priority) && priority >= pushed);
                    if (policy.OnPop(marked, clock) is { } kept)
                    {
                        Assert.True(double.IsFinite(kept) && kept >= pushed);
                    }

                    policy.OnEvict(marked, clock);
                }
            },
            iter: 200);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_saved_is_bounded_and_loaded_gives_the_same_priorities(string name)
    {
        EvictionPolicy policy = EvictionPolicy.Parse(name).ForIndex();
        long clock = 0;
        for (int i = 0; i < 200_000; i++)
        {
            IndexEntry entry = Entry(i % 90_000);
            clock++;
            policy.OnEvict(entry with { Priority = Math.Abs(policy.OnPush(entry, clock)), AccessClock = clock }, clock);
        }

        byte[] saved = policy.SaveState();
        Assert.InRange(saved.Length, 0, 4 << 20);
        EvictionPolicy other = EvictionPolicy.Parse(name).ForIndex();
        other.LoadState(saved);
        Assert.Equal(saved, other.SaveState());
        foreach (int key in (int[])[1, 20_000, 89_999, 95_000])
        {
            Assert.Equal(policy.OnPush(Entry(key), clock + key), other.OnPush(Entry(key), clock + key));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_cannot_be_read_is_no_memory_and_no_failure(string name)
    {
        EvictionPolicy policy = EvictionPolicy.Parse(name).ForIndex();
        policy.OnEvict(Entry(1) with { Priority = 5, AccessClock = 1 }, 1);
        byte[] saved = policy.SaveState();
        byte[] fresh = EvictionPolicy.Parse(name).ForIndex().SaveState();
        Gen.Select(Gen.Byte.Array[0, 80], Gen.Int[0, Math.Max(0, saved.Length - 1)]).Sample((noise, length) =>
        {
            EvictionPolicy other = EvictionPolicy.Parse(name).ForIndex();
            other.LoadState(noise);
            other.LoadState(saved.AsSpan(0, length));
            if (length > 0 && (saved.Length - length) % 16 != 0)
            {
                Assert.Equal(fresh, other.SaveState());
            }

            other.LoadState(saved);
            Assert.Equal(saved, other.SaveState());
            other.LoadState([]);
            Assert.Equal(fresh, other.SaveState());
        });
    }

    [Fact]
    public void Gdsf_ranks_by_what_a_miss_costs_for_the_room_and_by_how_often_it_would()
    {
        EvictionPolicy policy = EvictionPolicy.Gdsf.ForIndex();
        double cheap = policy.OnPush(Entry(1, milliseconds: 20), 1);
        double dear = policy.OnPush(Entry(2, milliseconds: 2000), 2);
        double small = policy.OnPush(Entry(3, milliseconds: 20, size: 1 << 16), 3);
        Assert.Equal((100, 16), (dear / cheap, small / cheap), (a, b) => Math.Abs(a.Item1 - b.Item1) < 1e-9 && Math.Abs(a.Item2 - b.Item2) < 1e-9);
        Assert.Equal(3 * cheap, policy.OnPop(Entry(1, milliseconds: 20) with { Priority = cheap, AccessCount = 2, Referenced = true }, 4)!.Value, 9);
        Assert.Null(policy.OnPop(Entry(1, milliseconds: 20) with { Priority = cheap }, 4));
    }

    [Fact]
    public void The_inflation_of_many_years_leaves_priorities_ordered()
    {
        EvictionPolicy policy = EvictionPolicy.Gdsf.ForIndex();
        policy.OnEvict(Entry(1) with { Priority = 1e9 }, 1); // what a thousand million evictions of chunks of 1 ms and 1 KB come to
        double cheap = policy.OnPush(Entry(2, milliseconds: 20), 2);
        double dear = policy.OnPush(Entry(3, milliseconds: 2000), 3);
        Assert.True(cheap >= 1e9 && dear > cheap && double.IsFinite(dear));
    }

    private static IndexEntry Entry(int key, double milliseconds = 100, long size = 1 << 20) => new()
    {
        StoreId = "s",
        Key = $"c/{key}",
        AllocatedSize = size,
        LoadDuration = TimeSpan.FromMilliseconds(milliseconds),
    };
}
