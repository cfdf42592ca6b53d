using Xunit;

namespace ZarrCache.Reliability;

/// <summary>A process that reads, writes and evicts is killed at random instants.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(10);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_cache_killed_at_a_random_instant_serves_no_wrong_byte_and_matches_its_disk()
    {
        using var cache = new KilledCache();
        var random = new Random(3);
        int kills = Counts.Kills;
        for (int run = 1; run <= kills; run++)
        {
            using var child = Child.Start(cache.Root, run, steps: 100_000);
            await WithinAsync("The child to open the cache", child.WhenOpenAsync);
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(150)), TimeProvider.System, Ct);
            child.Kill();
            await WithinAsync("The killed child to end", child.EndAsync);
            await WithinAsync("The check", ct => cache.CheckAsync(run, ct));
        }

        output.WriteLine($"{kills} kills at random instants; the index was unclean after {cache.Unclean}; {cache.Reads} values read, {cache.Hits} of them cached, 0 wrong.");
        Assert.Equal(kills, cache.Unclean);
        Assert.InRange(cache.Hits, 1, long.MaxValue);
    }

    private static Task<bool> WithinAsync(string what, Func<CancellationToken, Task> work) =>
        WithinAsync(what, async ct =>
        {
            await work(ct);
            return true;
        });

    /// <summary>The watchdog: what hangs is ended and said to hang. It asserts nothing on time.</summary>
    private static async Task<T> WithinAsync<T>(string what, Func<CancellationToken, Task<T>> work)
    {
        using var watchdog = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        watchdog.CancelAfter(Watchdog);
        try
        {
            return await work(watchdog.Token).WaitAsync(watchdog.Token);
        }
        catch (OperationCanceledException) when (!Ct.IsCancellationRequested)
        {
            throw new TimeoutException($"{what} hangs: it is not done after {Watchdog}.");
        }
    }
}
