namespace ZarrCache.Benchmarks.Suite;

/// <summary>The same work for one caller or several at once.</summary>
internal static class Concurrently
{
    /// <summary>Runs <paramref name="work"/> for the numbers below <paramref name="count"/>: one after the other on the caller's thread, or shared by tasks.</summary>
    /// <param name="count">How often.</param>
    /// <param name="callers">How many at once.</param>
    /// <param name="work">Told its number and its caller's.</param>
    public static Task RunAsync(int count, int callers, Func<int, int, ValueTask> work)
    {
        int next = -1;
        return callers == 1 ? CallAsync(0) : Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => CallAsync(caller))));

        async Task CallAsync(int caller)
        {
            for (int i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next))
            {
                await work(i, caller);
            }
        }
    }

    /// <summary>Pinned memory for each caller, which is not measured as allocated.</summary>
    public static byte[][] Buffers(int callers, int size) =>
        [.. Enumerable.Range(0, callers).Select(_ => GC.AllocateUninitializedArray<byte>(size, pinned: true))];
}
