using System.Net;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace ZarrCache;

/// <summary>
/// Repeats a request to a remote store while that may help, each attempt and all of them together within their time:
/// one way for every remote store, whatever carries its requests. Thread-safe.
/// </summary>
internal sealed partial class Attempts
{
    private readonly AttemptOptions _options;
    private readonly ResiliencePipeline _pipeline;

    public Attempts(AttemptOptions options)
    {
        _options = options;
        _pipeline = CreatePipeline();
    }

    /// <summary>Runs <paramref name="attempt"/> until it succeeds, or fails for good.</summary>
    /// <param name="attempt">One attempt. What may pass it throws as <see cref="RemoteStatusException"/>, <see cref="HttpRequestException"/>, <see cref="IOException"/> or <see cref="TimeoutException"/>; all else is for good.</param>
    /// <param name="state">What it is given.</param>
    /// <param name="timeout">How long one attempt may take.</param>
    /// <param name="describe">The place, for messages; no secret in it.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="StoreException">The last attempt failed; <see cref="OriginUnavailableException"/> if the store is out of reach or too slow.</exception>
    public async Task<TResult> RunAsync<TState, TResult>(
        Func<TState, CancellationToken, Task<TResult>> attempt, TState state, TimeSpan timeout, Func<TState, string> describe, CancellationToken ct)
    {
        try
        {
            return await _pipeline.ExecuteAsync(
                static (run, token) => new ValueTask<TResult>(run.Self.AttemptAsync(run.Attempt, run.State, run.Timeout, token)),
                (Self: this, Attempt: attempt, State: state, Timeout: timeout),
                ct).ConfigureAwait(false);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            throw new StoreException(
                $"{describe(state)} cannot be asked over TLS: {e.GetBaseException().Message.TrimEnd('.')}. Look whether the server speaks TLS there, and whether this system trusts who signed its certificate; on Linux SSL_CERT_FILE may name the file of an authority.",
                e);
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError or HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new StoreException($"{describe(state)} gave no valid answer: {e.Message}", e);
        }
        catch (RemoteStatusException e) when (e.Status is not (HttpStatusCode.RequestTimeout or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout))
        {
            throw new StoreException(e.Message, e);
        }
        catch (BrokenCircuitException e)
        {
            throw new OriginUnavailableException($"{describe(state)} was not asked: its server failed just now, and is left alone for {_options.BreakDuration}.", e);
        }
        catch (Exception e) when (e is HttpRequestException or RemoteStatusException or TimeoutException or TimeoutRejectedException or IOException)
        {
            throw new OriginUnavailableException(e is RemoteStatusException ? e.Message : $"{describe(state)} cannot be read: {e.Message}", e);
        }
    }

    private ResiliencePipeline CreatePipeline()
    {
        var builder = new ResiliencePipelineBuilder { TimeProvider = _options.TimeProvider };
        if (_options.BreakDuration > TimeSpan.Zero)
        {
            builder.AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                FailureRatio = 1,
                MinimumThroughput = 2,
                SamplingDuration = TimeSpan.FromSeconds(30),
                BreakDuration = _options.BreakDuration,
                ShouldHandle = failed => new(failed.Outcome.Exception is TimeoutRejectedException || MayPass(failed.Outcome.Exception)),
                OnOpened = opened =>
                {
                    LogBreak(_options.Logger, opened.BreakDuration.TotalSeconds, opened.Outcome.Exception?.Message);
                    return default;
                },
            });
        }

        builder.AddTimeout(new TimeoutStrategyOptions { Timeout = _options.TotalTimeout });
        if (_options.MaxRetries > 0)
        {
            builder.AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = _options.MaxRetries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = _options.RetryDelay,
                MaxDelay = _options.MaxRetryDelay,
                ShouldHandle = failed => new(MayPass(failed.Outcome.Exception)),
                DelayGenerator = failed => new((failed.Outcome.Exception as RemoteStatusException)?.RetryAfter),
                OnRetry = failed =>
                {
                    LogRetry(_options.Logger, failed.AttemptNumber + 1, _options.MaxRetries, failed.RetryDelay.TotalMilliseconds, failed.Outcome.Exception!.Message);
                    return default;
                },
            });
        }

        return builder.Build();
    }

    private async Task<TResult> AttemptAsync<TState, TResult>(Func<TState, CancellationToken, Task<TResult>> attempt, TState state, TimeSpan timeout, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(timeout, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        try
        {
            return await attempt(state, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            // either this attempt's time or that of connecting is over
            throw new TimeoutException(late.IsCancellationRequested ? $"no answer within {timeout}" : "no connection in time", e);
        }
    }

    /// <summary>Whether a repetition may help. One that the server wants later than all attempts may last would only be waited for in vain.</summary>
    private bool MayPass(Exception? failure) => failure switch
    {
        RemoteStatusException status => status.RetryAfter is not { } wait || wait < _options.TotalTimeout,
        HttpRequestException request => request.HttpRequestError is not (HttpRequestError.SecureConnectionError or HttpRequestError.ConfigurationLimitExceeded),
        TimeoutException or IOException => true,
        _ => false,
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "Retry {Attempt} of at most {MaxRetries} in {Milliseconds:F0} ms: {Reason}")]
    private static partial void LogRetry(ILogger logger, int attempt, int maxRetries, double milliseconds, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not asked again for {Seconds:F0} s: {Reason}")]
    private static partial void LogBreak(ILogger logger, double seconds, string? reason);
}
