using Microsoft.Extensions.Logging;

namespace ZarrCache;

/// <summary>
/// The sweep that follows an unclean stop: holds files against rows and mends what differs, beside readers and writers, and
/// again after a while where files were too young to be judged, temporary ones included. Once all that was there when it
/// began is judged, the index is told so; what is written meanwhile keeps no busy cache unconfirmed.
/// </summary>
internal sealed partial class CacheSweep(IStoreIndex index, CacheCheck check, Takeovers takeovers, IndexedCacheStorageOptions options, ILogger logger)
{
    /// <summary>After how long a sweep that failed is tried again; twice as long after each time, up to the longest.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private readonly ILogger _logger = logger;
    private readonly TaskCompletionSource _firstPass = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the sweep has run once, has failed, or is not needed. Never fails.</summary>
    public Task FirstPass => _firstPass.Task;

    /// <summary>Sweeps if the index was not found clean and the options do not forbid it. What fails is logged, and is tried again until the cache is closed: a server of the index may be back soon.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            if (options.SweepWhenUnclean && index.Condition != IndexCondition.Clean)
            {
                for (TimeSpan pause = ShortestPause; !await TryAsync(pause, ct).ConfigureAwait(false); pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
                {
                    await Task.Delay(pause, options.TimeProvider, ct).ConfigureAwait(false);
                }
            }
        }
        catch (Exception) when (ct.IsCancellationRequested)
        {
            LogSweepStopped();
        }
        finally
        {
            _firstPass.TrySetResult();
        }
    }

    private async Task<bool> TryAsync(TimeSpan pause, CancellationToken ct)
    {
        try
        {
            await RepairAsync(ct).ConfigureAwait(false);
            await index.ConfirmSweptAsync(ct).ConfigureAwait(false);
            takeovers.End();
            return true;
        }
        catch (Exception exception) when (!ct.IsCancellationRequested)
        {
            LogSweepFailed(exception, pause.TotalSeconds);
            _firstPass.TrySetResult();
            return false;
        }
    }

    private async Task RepairAsync(CancellationToken ct)
    {
        var repair = new CacheCheckOptions { Repair = true };
        DateTimeOffset written = options.TimeProvider.GetUtcNow() + repair.MinimumAge; // the clock of the medium may be ahead
        while (true)
        {
            CacheCheckReport report = await check.RunAsync(repair, null, ct).ConfigureAwait(false);
            LogSwept(report.Files, report.Orphans, report.Dangling, report.Adopted);
            _firstPass.TrySetResult();
            if (report.OldestYoung is not { } oldest || oldest >= written)
            {
                return;
            }

            await Task.Delay(repair.MinimumAge, options.TimeProvider, ct).ConfigureAwait(false);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Swept the cache: {Files} files, {Orphans} without a row, {Dangling} rows without a file, {Adopted} files taken over.")]
    private partial void LogSwept(long files, long orphans, long dangling, long adopted);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The sweep of the cache failed; it is tried again in {Seconds} seconds.")]
    private partial void LogSweepFailed(Exception exception, double seconds);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The sweep of the cache was stopped with it; it is repeated when the cache is opened next.")]
    private partial void LogSweepStopped();
}
