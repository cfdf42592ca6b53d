using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;

namespace ZarrCache;

/// <summary>
/// The index as readers meet it: what it does not answer in time is not waited for, and from then on nothing is asked of it until it
/// answers a call that no reader waits for. So an index that is locked, stopped or gone costs one read a few time limits, and those
/// after it nothing; the log is told once, and not with every read. Thread-safe.
/// </summary>
/// <remarks>
/// A read asks the index at most five times (entry, parts, lease, and both again), each time for at most <see cref="IndexedCacheStorageOptions.IndexPatience"/>:
/// with the default of 50 ms, an index that is slow without being too slow costs it 250 ms at most. An index that answers at once, on its
/// caller's thread, is not timed: there is nobody who could stop waiting.
/// </remarks>
internal sealed partial class ReadPathIndex : IAsyncDisposable
{
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(250);

    private readonly IStoreIndex _index;
    private readonly ISharedStoreIndex? _shared;
    private readonly IFindsFirstPart? _firstParts;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CircuitBreakerManualControl _control = new();
    private readonly CircuitBreakerStateProvider _state = new();
    private readonly ResiliencePipeline _breaker;
    private readonly CancellationTokenSource _stop = new();
    private Task _probing = Task.CompletedTask;

    public ReadPathIndex(IStoreIndex index, TimeSpan patience, TimeProvider time, ILogger logger)
    {
        _index = index;
        _shared = index as ISharedStoreIndex;
        _firstParts = index as IFindsFirstPart;
        _patience = patience;
        _time = time;
        _logger = logger;
        _breaker = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                // Any call that was not answered, or not in time, opens it, or the second one if nothing was asked for ten seconds before.
                FailureRatio = 0,
                MinimumThroughput = 2,
                SamplingDuration = TimeSpan.FromSeconds(10),
                BreakDuration = TimeSpan.FromDays(1), // only an answer to a probe closes it: no reader is made to try
                ShouldHandle = static arguments => new(arguments.Outcome.Exception is TimeoutException or IndexUnavailableException),
                ManualControl = _control,
                StateProvider = _state,
                OnOpened = _ =>
                {
                    _probing = ProbeAsync();
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }

    public ValueTask<IndexEntry?> FindAsync(EntryKey key, CancellationToken ct)
    {
        ThrowIfOpen();
        ValueTask<IndexEntry?> answer = _index.FindAsync(key, ct);
        return answer.IsCompletedSuccessfully ? answer : LimitAsync(answer, ct);
    }

    public ValueTask<IReadOnlyList<IndexEntry>> FindPartsAsync(string storeId, string key, long offset, long length, CancellationToken ct)
    {
        ThrowIfOpen();
        ValueTask<IReadOnlyList<IndexEntry>> answer = _index.FindPartsAsync(storeId, key, offset, length, ct);
        return answer.IsCompletedSuccessfully ? answer : LimitAsync(answer, ct);
    }

    /// <summary>
    /// Any part of a key, for what it says of the object. Of the keys that begin with this one it is itself the first, so
    /// that its first part is the first or, after its value or absence, the second entry: O(log n), however many parts there are, of an
    /// index that keeps the order of keys; another is an <see cref="IFindsFirstPart"/>.
    /// </summary>
    public ValueTask<IndexEntry?> FindFirstPartAsync(string storeId, string key, CancellationToken ct)
    {
        ThrowIfOpen();
        ValueTask<IndexEntry?> answer = _firstParts is null ? EnumerateAsync() : _firstParts.FindFirstPartAsync(storeId, key, ct);
        return answer.IsCompletedSuccessfully ? answer : LimitAsync(answer, ct);

        async ValueTask<IndexEntry?> EnumerateAsync()
        {
            await foreach (IndexEntry entry in _index.EnumerateAsync(new IndexQuery(storeId, key, Order: IndexOrder.Key, Limit: 2), ct).ConfigureAwait(false))
            {
                if (entry.Key == key && entry.Kind == EntryKind.Part)
                {
                    return entry;
                }
            }

            return null;
        }
    }

    public ValueTask MarkAsync(EntryKey key, DateTimeOffset at, CancellationToken ct)
    {
        ValueTask marked = _index.MarkAsync(key, at, ct); // coalesced: what is known of an index that is gone is written when it is back
        return marked.IsCompletedSuccessfully ? marked : LimitAsync(marked, ct);
    }

    public ValueTask TouchAsync(EntryKey key, DateTimeOffset validatedAt, CancellationToken ct)
    {
        ThrowIfOpen();
        ValueTask touched = _index.TouchAsync(key, validatedAt, ct);
        return touched.IsCompletedSuccessfully ? touched : LimitAsync(touched, ct);
    }

    public ValueTask<IndexEntry?> DeleteAsync(EntryKey key, long version, CancellationToken ct)
    {
        ThrowIfOpen();
        ValueTask<IndexEntry?> answer = _index.DeleteAsync(key, version, ct);
        return answer.IsCompletedSuccessfully ? answer : LimitAsync(answer, ct);
    }

    /// <summary>See <see cref="ISharedStoreIndex.TakeLeaseAsync"/>, which the index must be.</summary>
    public ValueTask<long> TakeLeaseAsync(EntryKey place, long holder, CancellationToken ct)
    {
        ThrowIfOpen();
        ValueTask<long> answer = _shared!.TakeLeaseAsync(place, holder, ct);
        return answer.IsCompletedSuccessfully ? answer : LimitAsync(answer, ct);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _probing.ConfigureAwait(false);
        _stop.Dispose();
    }

    private void ThrowIfOpen()
    {
        if (_state.CircuitState != CircuitState.Closed)
        {
            throw new IndexUnavailableException("The index does not answer; until it does it is not asked.", null);
        }
    }

    private async ValueTask LimitAsync(ValueTask answer, CancellationToken ct) => await LimitAsync(WithResultAsync(answer), ct).ConfigureAwait(false);

    private static async ValueTask<bool> WithResultAsync(ValueTask answer)
    {
        await answer.ConfigureAwait(false);
        return true;
    }

    private async ValueTask<T> LimitAsync<T>(ValueTask<T> answer, CancellationToken ct)
    {
        Task<T> task = answer.AsTask();
        try
        {
            return await _breaker.ExecuteAsync(
                static async (wait, ct) => await wait.task.WaitAsync(wait._patience, wait._time, ct).ConfigureAwait(false),
                (task, _patience, _time),
                ct).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or BrokenCircuitException)
        {
            _ = task.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default); // looked at
            throw new IndexUnavailableException($"The index did not answer within {_patience.TotalMilliseconds:0} ms.", exception);
        }
    }

    /// <summary>Asks the index something small until it answers in time.</summary>
    private async Task ProbeAsync()
    {
        LogGivenUp(_patience.TotalMilliseconds);
        try
        {
            while (!await AnswersAsync().ConfigureAwait(false))
            {
                await Task.Delay(ProbeInterval, _time, _stop.Token).ConfigureAwait(false);
            }

            await _control.CloseAsync(_stop.Token).ConfigureAwait(false);
            LogBack();
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            LogClosed();
        }
    }

    private async Task<bool> AnswersAsync()
    {
        Task<IndexTotals>? probe = null;
        try
        {
            probe = _index.GetTotalsAsync(null, _stop.Token).AsTask();
            await probe.WaitAsync(_patience, _time, _stop.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is TimeoutException or ZarrCacheException)
        {
            _ = probe?.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default); // looked at
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The index is out of reach, or did not answer within {Patience} ms; reads go to the origin until it does.")]
    private partial void LogGivenUp(double patience);

    [LoggerMessage(Level = LogLevel.Information, Message = "The index answers again.")]
    private partial void LogBack();

    [LoggerMessage(Level = LogLevel.Debug, Message = "The cache was closed while its index did not answer.")]
    private partial void LogClosed();
}

/// <summary>The index is not asked, or does not answer in time: told once, not with every read.</summary>
internal sealed class IndexUnavailableException(string message, Exception? innerException) : ZarrCacheException(message, innerException);
