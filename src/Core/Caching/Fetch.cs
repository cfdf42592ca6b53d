using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace ZarrCache;

/// <summary>
/// One request to the origin, for an object or a range of it, on behalf of all who want it meanwhile. Those who joined
/// learn of the answer when its head arrives and read the bytes as they come. When the last of them leaves, the
/// request is cancelled; one that leaves earlier leaves the others alone.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The token source has no timer and no wait handle: it holds nothing, and disposing of it would race with the last waiter's cancellation.")]
internal sealed class Fetch
{
    private readonly CancellationTokenSource _cancel = new();
    private readonly TaskCompletionSource<FetchHead> _head = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Guards all below; held for a few instructions.</summary>
    private readonly Lock _lock = new();

    private int _waiters = 1;
    private bool _ended;
    private bool _superseded;
    private Task _storing = Task.CompletedTask;
    private SharedBuffer? _buffer;
    private long _available;
    private ExceptionDispatchInfo? _failure;
    private TaskCompletionSource? _progress;

    /// <param name="key">The key.</param>
    /// <param name="range">What is asked for.</param>
    /// <param name="stale">What is cached and past its time, to be confirmed or replaced; null for nothing.</param>
    /// <param name="expected">The object that the range is to be of; null if that is not known, or cannot be told.</param>
    /// <param name="lookAgain">Whether to look into the cache once more before the origin is asked: another fetch may have ended since the caller looked.</param>
    public Fetch(string key, ByteRange range, IndexEntry? stale, ObjectInfo? expected, bool lookAgain)
    {
        Expected = expected;
        Key = key;
        Range = range;
        Stale = stale;
        LooksAgain = lookAgain;
    }

    /// <summary>A write's claim to what the cache will have of a key: nobody joins it, whoever writes the key meanwhile supersedes it.</summary>
    public static Fetch OfWrite(string key) => new(key, ByteRange.All, null, null, lookAgain: false) { _waiters = 0 };

    public string Key { get; }

    public ByteRange Range { get; }

    public IndexEntry? Stale { get; }

    public ObjectInfo? Expected { get; }

    public bool LooksAgain { get; }

    /// <summary>Cancelled when nobody waits any more.</summary>
    public CancellationToken Abandoned => _cancel.Token;

    /// <summary>What the origin answered, before its bytes; fails if it failed.</summary>
    public Task<FetchHead> Head => _head.Task;

    /// <summary>Becomes another waiter, who calls <see cref="Leave"/> in turn; false if the request is over or abandoned.</summary>
    public bool TryJoin()
    {
        lock (_lock)
        {
            if (_waiters == 0 || _superseded || _failure is not null)
            {
                return false;
            }

            _waiters++;
            return true;
        }
    }

    /// <summary>Waits no longer.</summary>
    public void Leave()
    {
        bool abandon;
        lock (_lock)
        {
            if (--_waiters > 0)
            {
                return;
            }

            abandon = !_ended;
            ReleaseIfOver();
        }

        if (abandon)
        {
            // Not in this caller's time: what is registered for the cancellation closes connections.
            _ = _cancel.CancelAsync();
        }
    }

    /// <summary>The key was written, or dropped: what this request brings is delivered to its waiters, not cached, and joined by no one else. Completes when nothing of it can reach the cache any more.</summary>
    public Task SupersedeAsync()
    {
        lock (_lock)
        {
            _superseded = true;
            return _storing;
        }
    }

    /// <summary>Runs <paramref name="store"/>, unless the key has been written meanwhile; a write waits for it.</summary>
    public async Task StoreAsync(Func<Task> store)
    {
        var stored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_superseded)
            {
                return;
            }

            _storing = stored.Task;
        }

        try
        {
            await store().ConfigureAwait(false);
        }
        finally
        {
            stored.SetResult();
        }
    }

    /// <summary>The head has come.</summary>
    /// <param name="head">It.</param>
    /// <param name="buffer">What the bytes will be filled into; owned by this from now on.</param>
    public void Begin(FetchHead head, SharedBuffer? buffer = null)
    {
        lock (_lock)
        {
            _buffer = buffer;
        }

        _head.SetResult(head);
    }

    /// <summary>So many bytes of the answer have come.</summary>
    public void Advance(long available)
    {
        TaskCompletionSource? progress;
        lock (_lock)
        {
            _available = available;
            progress = _progress;
            _progress = null;
        }

        progress?.SetResult();
    }

    /// <summary>The request is over, well or not. Called once, last.</summary>
    public void End(Exception? failure)
    {
        TaskCompletionSource? progress;
        lock (_lock)
        {
            _ended = true;
            _failure = failure is null ? null : ExceptionDispatchInfo.Capture(failure);
            progress = _progress;
            _progress = null;
            ReleaseIfOver();
        }

        progress?.SetResult();
        if (failure is not null && _head.TrySetException(failure))
        {
            // Looked at, whether anybody still waits for the head or not.
            _ = _head.Task.Exception;
        }
    }

    /// <summary>Copies bytes of the answer from <paramref name="position"/> on, as soon as there are any. For waiters.</summary>
    public async ValueTask<int> ReadAsync(long position, Memory<byte> destination, CancellationToken ct)
    {
        long available;
        while (true)
        {
            Task progress;
            lock (_lock)
            {
                available = _available;
                if (available > position)
                {
                    break;
                }

                _failure?.Throw();
                progress = (_progress ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await progress.WaitAsync(ct).ConfigureAwait(false);
        }

        int count = (int)Math.Min(destination.Length, available - position);
        int copied = 0;
        while (copied < count)
        {
            Memory<byte> block = _buffer!.GetBlockFrom(position + copied);
            int length = Math.Min(block.Length, count - copied);
            block[..length].CopyTo(destination[copied..]);
            copied += length;
        }

        return count;
    }

    private void ReleaseIfOver()
    {
        if (_ended && _waiters == 0)
        {
            _buffer?.Dispose();
            _buffer = null;
        }
    }
}
