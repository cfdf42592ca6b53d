using Microsoft.Extensions.Logging;

namespace ZarrCache;

/// <summary>
/// The sweep that follows an unclean stop: holds files against rows and mends what differs, beside readers and writers, and
/// again after a while where files were too young to be judged, temporary ones included. Once all that was there when it
/// began is judged, the index is told so; what is written meanwhile keeps no busy cache unconfirmed. It also follows the loss of a
/// shared index, and an eviction whose answer was lost. Thread-safe.
/// </summary>
internal sealed partial class CacheSweep(IStoreIndex index, CacheCheck check, Takeovers takeovers, IndexedCacheStorageOptions options, ILogger logger, CancellationToken stop)
{
    /// <summary>How long after an eviction whose answer was lost: so that one sweep follows all of one outage.</summary>
    private static readonly TimeSpan AfterLoss = TimeSpan.FromMinutes(1);

    /// <summary>After how long a sweep that failed is tried again; twice as long after each time, up to the longest.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private readonly ILogger _logger = logger;
    private readonly TaskCompletionSource _firstPass = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _beginning = new(); // guards the task below
    private Task _running = Task.CompletedTask;
    private int _isDue;

    /// <summary>Completes when the sweep has run once, and the index was told if that was all of it; when it has failed, or is not needed. Never fails.</summary>
    public Task FirstPass => _firstPass.Task;

    /// <summary>Completes when all that were begun have ended. Never fails.</summary>
    public Task WhenEnded()
    {
        lock (_beginning)
        {
            return _running;
        }
    }

    /// <summary>Sweeps in the background if the index was not found clean and the options do not forbid it.</summary>
    public void BeginIfUnclean()
    {
        if (options.SweepWhenUnclean && index.Condition != IndexCondition.Clean)
        {
            Begin(() => RunAsync(ConfirmAsync));
        }
        else
        {
            _firstPass.TrySetResult();
        }
    }

    /// <summary>Sweeps if a shared index was made anew: it knows nothing of the files, which are taken over or removed. Nearly always the read of two fields.</summary>
    public void BeginIfLost()
    {
        if (takeovers.BeginIfLost() && options.SweepWhenUnclean)
        {
            // Beside the one before, which may be waiting for files to be old enough: two sweeps at once do no harm, and what is lost meanwhile is not cached.
            Begin(() => RunAsync(ConfirmAsync));
        }
    }

    /// <summary>An eviction failed and may have been done all the same: then files are there that nobody knows or counts, until they are swept, soon, if the options do not forbid it.</summary>
    public void BeginAfterLostEviction()
    {
        if (options.SweepWhenUnclean && Interlocked.Exchange(ref _isDue, 1) == 0)
        {
            Begin(async () =>
            {
                await Task.Delay(AfterLoss, options.TimeProvider, stop).ConfigureAwait(false);
                Volatile.Write(ref _isDue, 0);
                await RunAsync(() => Task.CompletedTask).ConfigureAwait(false);
            });
        }
    }

    private void Begin(Func<Task> sweep)
    {
        lock (_beginning)
        {
            _running = Task.WhenAll(_running, Task.Run(EndQuietlyAsync));
        }

        async Task EndQuietlyAsync()
        {
            try
            {
                await sweep().ConfigureAwait(false);
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                LogSweepStopped();
            }
            finally
            {
                _firstPass.TrySetResult();
            }
        }
    }

    private async Task ConfirmAsync()
    {
        await index.ConfirmSweptAsync(stop).ConfigureAwait(false);
        takeovers.End();
    }

    /// <summary>What fails is logged, and is tried again until the cache is closed: a server of the index may be back soon.</summary>
    private async Task RunAsync(Func<Task> confirm)
    {
        for (TimeSpan pause = ShortestPause; !await TryAsync(confirm, pause).ConfigureAwait(false); pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            await Task.Delay(pause, options.TimeProvider, stop).ConfigureAwait(false);
        }
    }

    private async Task<bool> TryAsync(Func<Task> confirm, TimeSpan pause)
    {
        try
        {
            await RepairAsync().ConfigureAwait(false);
            await confirm().ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (!stop.IsCancellationRequested)
        {
            LogSweepFailed(exception, pause.TotalSeconds);
            _firstPass.TrySetResult();
            return false;
        }
    }

    private async Task RepairAsync()
    {
        var repair = new CacheCheckOptions { Repair = true };
        DateTimeOffset written = options.TimeProvider.GetUtcNow() + repair.MinimumAge; // the clock of the medium may be ahead
        while (true)
        {
            CacheCheckReport report = await check.RunAsync(repair, null, stop).ConfigureAwait(false);
            LogSwept(report.Files, report.Orphans, report.Dangling, report.Adopted);
            if (report.OldestYoung is not { } oldest || oldest >= written)
            {
                return;
            }

            _firstPass.TrySetResult();
            await Task.Delay(repair.MinimumAge, options.TimeProvider, stop).ConfigureAwait(false);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Swept the cache: {Files} files, {Orphans} without a row, {Dangling} rows without a file, {Adopted} files taken over.")]
    private partial void LogSwept(long files, long orphans, long dangling, long adopted);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The sweep of the cache failed; it is tried again in {Seconds} seconds.")]
    private partial void LogSweepFailed(Exception exception, double seconds);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The sweep of the cache was stopped with it; it is repeated when the cache is opened next.")]
    private partial void LogSweepStopped();
}
