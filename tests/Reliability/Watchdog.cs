using Xunit;

namespace ZarrCache.Reliability;

/// <summary>What hangs is ended and said to hang. It asserts nothing on time, and so is patient with a busy machine.</summary>
internal static class Watchdog
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static Task WithinAsync(string what, Func<CancellationToken, Task> work) =>
        WithinAsync(what, async ct =>
        {
            await work(ct);
            return true;
        });

    public static async Task<T> WithinAsync<T>(string what, Func<CancellationToken, Task<T>> work)
    {
        using var watchdog = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        watchdog.CancelAfter(Patience);
        try
        {
            return await work(watchdog.Token).WaitAsync(watchdog.Token);
        }
        catch (OperationCanceledException) when (!Ct.IsCancellationRequested)
        {
            throw new TimeoutException($"{what} hangs: it is not done after {Patience}.");
        }
    }
}
