using Xunit;
using static ZarrCache.Reliability.Watchdog;

namespace ZarrCache.Reliability;

/// <summary>A process that reads, writes and evicts is killed: half of the times at random instants, half at the Nth system call of a kind.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    /// <summary>What changes files, and about how often one thread does so in the time that a child has.</summary>
    private static readonly (string Names, int Often)[] Calls =
        [("pwrite64", 300), ("renameat,renameat2,rename", 40), ("unlinkat,unlink", 60), ("fsync,fdatasync", 5), ("fallocate", 40), ("fsetxattr", 40), ("mkdirat,mkdir", 12), ("ftruncate", 3)];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Indexes.Sqlite)]
    [InlineData(Indexes.Faster)]
    public async Task A_cache_killed_at_a_random_instant_serves_no_wrong_byte_and_matches_its_disk(string index)
    {
        using var cache = new AbusedCache(index);
        var random = new Random(3);
        int kills = Counts.Kills;
        for (int run = 1; run <= kills; run++)
        {
            using var child = Child.Start(cache.NextRun());
            await WithinAsync("The child to open the cache", child.WhenOpenAsync);
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(150)), TimeProvider.System, Ct);
            child.Kill();
            await WithinAsync("The killed child to end", child.EndAsync);
            await WithinAsync("The check", cache.CheckAsync);
        }

        output.WriteLine($"{kills} kills at random instants; {cache}");
        Assert.Equal(kills, cache.Unclean);
        Assert.InRange(cache.Hits, 1, long.MaxValue);
    }

    [Theory]
    [InlineData(Indexes.Sqlite)]
    [InlineData(Indexes.Faster)]
    public async Task A_cache_killed_at_a_system_call_serves_no_wrong_byte_and_matches_its_disk(string index)
    {
        Needs.Root();
        Needs.Program("strace", "strace");
        using var cache = new AbusedCache(index);
        var random = new Random(4);
        int kills = Counts.Kills;
        int killed = 0;
        for (int run = 1; run <= kills; run++)
        {
            // The first calls are those of opening; later ones are hit in proportion to their logarithm. Each thread counts its own.
            (string call, int often) = Calls[run % Calls.Length];
            int nth = (int)Math.Exp(random.NextDouble() * Math.Log(often));
            ChildOptions options = cache.NextRun() with { Steps = 400 };
            using var child = Child.StartInjected(options, $"{call}:signal=KILL:when={nth}");
            killed += await WithinAsync($"The child to be killed at call {nth} of {call}", child.EndAsync) ? 1 : 0;
            await WithinAsync($"The check after a kill at call {nth} of {call}", cache.CheckAsync);
        }

        output.WriteLine($"{kills} runs, {killed} of them killed at a system call; {cache}");
        Assert.InRange(killed, kills / 3, kills);
    }
}
