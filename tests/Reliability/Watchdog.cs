using Xunit;

namespace ZarrCache.Reliability;

/// <summary>
/// What hangs is ended and said to hang, after thirty seconds: ten are too few for a child under strace beside other work, which takes up to five
/// alone. They are counted in ticks, of which those that a busy machine has no time for are not made up: it is as late with the count as with the
/// work, so that nothing is asserted of the machine.
/// </summary>
internal static class Watchdog
{
    private const int Ticks = 300;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static Task WithinAsync(string what, Func<CancellationToken, Task> work) =>
        WithinAsync(what, async ct =>
        {
            await work(ct);
            return true;
        });

    public static async Task<T> WithinAsync<T>(string what, Func<CancellationToken, Task<T>> work)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        Task<T> working = work(stop.Token);
        Task counting = CountAsync(stop.Token);
        bool isDone = await Task.WhenAny(working, counting) == working;
        await stop.CancelAsync();
        return isDone || Ct.IsCancellationRequested ? await working.WaitAsync(Ct) : throw new TimeoutException($"{what} hangs: it is not done after {Ticks * Tick}.");
    }

    private static async Task CountAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Tick, TimeProvider.System);
        for (int tick = 0; tick < Ticks; tick++)
        {
            await timer.WaitForNextTickAsync(ct);
        }
    }
}
