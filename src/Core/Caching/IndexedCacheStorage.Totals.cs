using Microsoft.Extensions.Logging;

namespace ZarrCache;

/// <content>How much there is.</content>
public sealed partial class IndexedCacheStorage
{
    private bool _asksTotals;

    /// <summary>An <see cref="IndexTotals"/>, boxed, so that it is replaced as one.</summary>
    private volatile object _lastTotals = default(IndexTotals);

    /// <inheritdoc/>
    public ValueTask<IndexTotals> GetTotalsAsync(string? storeId, CancellationToken ct) => _index.GetTotalsAsync(storeId, ct);

    /// <summary>The totals for whoever cannot wait: now if the index answers at once, else as they were when they were last asked for.</summary>
    internal IndexTotals LastTotals
    {
        get
        {
            if (!Interlocked.Exchange(ref _asksTotals, true))
            {
                _ = AskTotalsAsync();
            }

            return (IndexTotals)_lastTotals;
        }
    }

    private async Task AskTotalsAsync()
    {
        try
        {
            _lastTotals = await _index.GetTotalsAsync(null, _stop.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ZarrCacheException or OperationCanceledException or ObjectDisposedException)
        {
            LogTotalsFailed(exception);
        }
        finally
        {
            Volatile.Write(ref _asksTotals, false);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The index could not say what the cache holds; the last known totals are reported.")]
    private partial void LogTotalsFailed(Exception exception);
}
