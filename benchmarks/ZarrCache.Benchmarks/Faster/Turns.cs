using System.Diagnostics;

namespace ZarrCache.Benchmarks.Faster;

/// <summary>The same work done in two ways in turns, a slice each, so that whatever else the machine does meets both alike.</summary>
internal static class Turns
{
    /// <summary>What each way did in a second.</summary>
    /// <param name="count">How many operations; a multiple of <paramref name="slice"/>.</param>
    /// <param name="slice">After how many the other has its turn.</param>
    /// <param name="prepare">What precedes the slice that begins at a number and is not counted.</param>
    /// <param name="one">Does the operations of the slice that begins at a number.</param>
    /// <param name="other">The same in the other way.</param>
    public static async Task<(double One, double Other)> RunAsync(int count, int slice, Action<int> prepare, Func<int, Task> one, Func<int, Task> other)
    {
        GC.Collect();
        Func<int, Task>[] ways = [one, other];
        var times = new TimeSpan[2];
        for (int first = 0; first < count; first += slice)
        {
            prepare(first);
            int begins = first / slice % 2;
            foreach (int way in (int[])[begins, 1 - begins])
            {
                long start = Stopwatch.GetTimestamp();
                await ways[way](first);
                times[way] += Stopwatch.GetElapsedTime(start);
            }
        }

        return (count / times[0].TotalSeconds, count / times[1].TotalSeconds);
    }
}
