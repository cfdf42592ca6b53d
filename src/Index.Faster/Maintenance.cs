using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ZarrCache.Index.Faster;

/// <summary>What an index does by itself, on a thread of its own: a checkpoint every interval and when much has changed, the log cleaned of dead records, the hash table doubled.</summary>
internal sealed partial class Maintenance : IAsyncDisposable
{
    /// <summary>The log is looked at when it has grown by so much: what there is to do is worth as much.</summary>
    private const long LookEvery = 4L << 20;

    /// <summary>Writers help with the cleaning when so many parts of the live records are in use: else one thread could not keep up with many.</summary>
    private const int HelpAbove = 3;

    private readonly LogStore _log;
    private readonly Evictions _evictions;
    private readonly Checkpointer _checkpointer;
    private readonly Action<CacheFormatException> _meet;
    private readonly ILogger _logger;
    private readonly TimeSpan _interval;
    private readonly ITimer? _timer;
    private readonly Task _work;
    private readonly SemaphoreSlim _due = new(0);
    private readonly CancellationTokenSource _stop = new();
    private long _nextLook;
    private long _savedTail;
    private volatile bool _timeIsUp;

    public Maintenance(LogStore log, Evictions evictions, Checkpointer checkpointer, FasterStoreIndexOptions options, bool lookOnly, Action<CacheFormatException> meet)
    {
        (_log, _evictions, _checkpointer, _meet) = (log, evictions, checkpointer, meet);
        _logger = options.Logger ?? NullLogger.Instance;
        _interval = options.CheckpointInterval;
        _savedTail = log.Log.TailAddress;
        _nextLook = lookOnly ? long.MaxValue : _savedTail + LookEvery;
        _work = lookOnly ? Task.CompletedTask : Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _timer = lookOnly ? null : options.TimeProvider.CreateTimer(static state => ((Maintenance)state!).Tick(), this, _interval, _interval);
    }

    /// <summary>To be called after each write, with nothing held: nearly always one comparison.</summary>
    public void Look()
    {
        long next = Volatile.Read(ref _nextLook);
        if (next == long.MaxValue || _log.Log.TailAddress < next || Interlocked.CompareExchange(ref _nextLook, _log.Log.TailAddress + LookEvery, next) != next)
        {
            return;
        }

        _due.Release();
        if (_log.Bytes > ((long)HelpAbove * _log.LiveBytes) + (256L << 20))
        {
            _evictions.Clean(CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_timer is not null)
        {
            await _timer.DisposeAsync().ConfigureAwait(false);
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        await _work.ConfigureAwait(false);
        _stop.Dispose();
        _due.Dispose();
    }

    private void Tick()
    {
        _timeIsUp = true;
        try
        {
            _due.Release();
        }
        catch (ObjectDisposedException)
        {
            return; // the timer's last tick came beside the end
        }
    }

    private void Work()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _due.Wait(_stop.Token);
                _log.GrowIfFull();
                while (_evictions.Clean(_stop.Token))
                {
                    _stop.Token.ThrowIfCancellationRequested();
                }

                long tail = _log.Log.TailAddress;
                if ((_timeIsUp && tail != _savedTail) || _checkpointer.IsDue)
                {
                    _timeIsUp = false;
                    _checkpointer.Make(close: false);
                    _savedTail = _log.Log.TailAddress;
                }
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException && _stop.IsCancellationRequested)
            {
                return;
            }
            catch (CacheFormatException e)
            {
                _meet(e);
                LogFailed(_logger, e);
            }
            catch (Exception e)
            {
                LogFailed(_logger, e); // tried again when the next is due
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The upkeep of the index failed; it is tried again when it is due next.")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
