using Xunit;
using static ZarrCache.Reliability.Watchdog;

namespace ZarrCache.Reliability;

/// <summary>
/// Generated work is done again and again, and each time another call of the index or the chunk storage fails, the first, the second, until none
/// is left to fail. No read fails or is wrong, and when the faults have ended the cache caches again and is made whole by a sweep.
/// </summary>
public sealed class NthFaultTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whichever_call_fails_no_read_does_and_caching_resumes(bool isPersistent)
    {
        int cases = 0, seeds = 0;
        long hits = 0;
        await Parallel.ForEachAsync(Enumerable.Range(1, int.MaxValue - 1).TakeWhile(_ => Volatile.Read(ref cases) < Counts.Faults / 2), TestContext.Current.CancellationToken, async (seed, _) =>
        {
            Interlocked.Increment(ref seeds);
            bool any = true;
            for (int nth = 1; any; nth++)
            {
                Interlocked.Increment(ref cases);
                string run = $"Run {seed} with fault {nth}";
                try
                {
                    await WithinAsync(run, async ct =>
                    {
                        await using var work = new FaultyWork(seed, nth, isPersistent);
                        any = await work.RunAsync(ct);
                        Interlocked.Add(ref hits, work.Hits);
                    });
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    throw new InvalidOperationException($"{run}: {exception.Message}", exception);
                }
            }
        });
        output.WriteLine($"{cases} runs of {seeds} works, whose calls failed one after the other; {hits} hits, 0 wrong");
        Assert.InRange(hits, 1, long.MaxValue);
    }
}
