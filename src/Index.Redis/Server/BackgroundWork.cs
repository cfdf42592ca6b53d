using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace ZarrCache.Index.Redis;

/// <summary>What an open index does behind its callers' backs: it writes accesses that have waited, and gives signs of life. Thread-safe.</summary>
internal sealed partial class BackgroundWork : IAsyncDisposable
{
    /// <summary>The memory of accesses is full at so many times the number that starts a flush.</summary>
    private const int MarkBound = 2;

    private readonly IndexContext _context;
    private readonly MarkFlush _flush;
    private readonly RedisStoreIndexOptions _options;
    private readonly ILogger _logger;
    private readonly ITimer _flushTimer;
    private readonly ITimer _beatTimer;
    private int _flushing;
    private volatile bool _disposed;

    public BackgroundWork(IndexContext context, MarkFlush flush, RedisStoreIndexOptions options, ILogger logger)
    {
        _context = context;
        _flush = flush;
        _options = options;
        _logger = logger;
        _flushTimer = options.TimeProvider.CreateTimer(
            static state => ((BackgroundWork)state!).StartFlush(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _beatTimer = options.TimeProvider.CreateTimer(
            static state => ((BackgroundWork)state!).Beat(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The index is entered: from now on it gives signs of life.</summary>
    public void Begin()
    {
        TimeSpan beat = _options.SessionTimeout / 3;
        _beatTimer.Change(beat, beat);
    }

    /// <summary>Takes note of an access. Never waits: when the server does not answer for long, accesses are not recorded any more.</summary>
    public void Mark(EntryKey key, DateTimeOffset at)
    {
        if (_context.Marks.Count >= (long)_options.MarkFlushCount * MarkBound)
        {
            StartFlush();
            return;
        }

        int waiting = _context.Marks.Add(key, at);
        if (waiting == 1)
        {
            _flushTimer.Change(_options.MarkFlushInterval, Timeout.InfiniteTimeSpan);
        }
        else if (waiting >= _options.MarkFlushCount)
        {
            StartFlush();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        await _flushTimer.DisposeAsync().ConfigureAwait(false);
        await _beatTimer.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>One flush at a time.</summary>
    [SuppressMessage("Usage", "VSTHRD100", Justification = "Nobody waits for it; every failure is logged.")]
    private async void StartFlush()
    {
        if (_disposed || Interlocked.Exchange(ref _flushing, 1) == 1)
        {
            return;
        }

        try
        {
            await _flush.RunAsync(policyToo: true, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ZarrCacheException or ObjectDisposedException)
        {
            LogMarksNotFlushed(_context.Server.Address, e);
            _flushTimer.Change(_options.MarkFlushInterval, Timeout.InfiniteTimeSpan);
        }
        finally
        {
            Volatile.Write(ref _flushing, 0);
        }
    }

    [SuppressMessage("Usage", "VSTHRD100", Justification = "Nobody waits for it; every failure is logged.")]
    private async void Beat()
    {
        try
        {
            await _context.Session.BeatAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ZarrCacheException or ObjectDisposedException)
        {
            LogBeatFailed(_context.Server.Address, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Accesses could not be written to the index at {Address}; they wait for the next flush.")]
    private partial void LogMarksNotFlushed(string address, Exception exception);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The index at {Address} did not hear that this node lives.")]
    private partial void LogBeatFailed(string address, Exception exception);
}
