namespace ZarrCache.Index.Faster;

/// <summary>Writes bytes to a place in a file of the log; says why it failed, null if it did not. Never throws.</summary>
internal delegate ZarrCacheException? LogWriter(ReadOnlySpan<byte> bytes, int segment, long at);

/// <summary>
/// Writes of the log, and what of them could not be written, kept in memory and tried again every second until it can: FASTER gives
/// a page up once it was told that it was written, and waits forever for one that was not. At most as much as the log keeps
/// in memory, since nothing is pushed meanwhile. What comes after a write that is held is held too, so that the order stays. Thread-safe.
/// </summary>
/// <param name="write">Writes.</param>
/// <param name="time">Times the tries.</param>
internal sealed class HeldWrites(LogWriter write, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    // Guards what is held, the fault that goes with it, and the beginning of a new try; not held while something is written.
    private readonly Lock _lock = new();
    private readonly List<Held> _writes = [];
    private readonly CancellationTokenSource _stop = new();
    private volatile ZarrCacheException? _fault;
    private Task _retry = Task.CompletedTask;

    /// <summary>Why a write failed last; null as long as nothing is held.</summary>
    public ZarrCacheException? Fault => _fault;

    /// <summary>Writes, or holds what cannot be written; the bytes are copied then.</summary>
    public void Write(ReadOnlySpan<byte> bytes, int segment, long at)
    {
        ZarrCacheException? fault = null;
        while (!TryHold(fault, bytes, segment, at))
        {
            fault = write(bytes, segment, at);
            if (fault is null)
            {
                return;
            }
        }
    }

    /// <summary>Fills a block with what is to be written there last; false if that is nothing.</summary>
    public bool TryRead(int segment, long at, Span<byte> block)
    {
        lock (_lock)
        {
            if (_writes.FindLast(held => held.Segment == segment && at >= held.At && at < held.At + held.Bytes.Length) is not { } last)
            {
                return false;
            }

            last.Bytes.AsSpan((int)(at - last.At), block.Length).CopyTo(block);
            return true;
        }
    }

    /// <summary>Forgets what belongs into a file.</summary>
    public void Remove(int segment)
    {
        lock (_lock)
        {
            _writes.RemoveAll(held => held.Segment == segment);
        }
    }

    /// <summary>Gives up what is held, when a try that is under way has ended: the files may be another's then.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _retry.GetAwaiter().GetResult();
        _stop.Dispose();
    }

    /// <summary>Holds a write that failed, or one that comes after another that is held; false if there is no such reason.</summary>
    private bool TryHold(ZarrCacheException? fault, ReadOnlySpan<byte> bytes, int segment, long at)
    {
        lock (_lock)
        {
            bool first = _writes.Count == 0;
            if (first && fault is null)
            {
                return false;
            }

            _writes.Add(new Held(bytes.ToArray(), segment, at));
            if (first)
            {
                _fault = fault;
                _retry = RetryAsync(_retry);
            }

            return true;
        }
    }

    /// <summary>Until nothing is held any more.</summary>
    private async Task RetryAsync(Task before)
    {
        await before.ConfigureAwait(false);
        do
        {
            await Task.Delay(RetryAfter, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        while (!_stop.IsCancellationRequested && !TryWriteAll());
    }

    /// <summary>Writes what is held, in its order; nothing else is written meanwhile. False if one fails again.</summary>
    private bool TryWriteAll()
    {
        while (!_stop.IsCancellationRequested && Next() is { } held)
        {
            if (write(held.Bytes, held.Segment, held.At) is { } fault)
            {
                _fault = fault;
                return false;
            }

            lock (_lock)
            {
                _writes.Remove(held);
            }
        }

        return true;
    }

    /// <summary>What is to be written next; if nothing is, all is well again.</summary>
    private Held? Next()
    {
        lock (_lock)
        {
            if (_writes.Count > 0)
            {
                return _writes[0];
            }

            _fault = null;
            return null;
        }
    }

    /// <summary>A write of whole blocks, and its place in a file.</summary>
    private sealed class Held(byte[] bytes, int segment, long at)
    {
        public byte[] Bytes => bytes;

        public int Segment => segment;

        public long At => at;
    }
}
