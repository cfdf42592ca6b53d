namespace ZarrCache.Index.Faster;

/// <summary>
/// Who may work on what: the locks of the keys, and the sessions that are worked with. A key has its lock, by hash, so that who
/// reads and then writes it is the only one. A session is whichever is free nearest to the caller's processor. Thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// A lock is taken first, then a session; both are held across the read of a record that is on disk. Whoever wants everybody out
/// takes all locks in their order and holds none before: then no session is in use either.
/// </para>
/// <para>
/// A session for each lock was the first design, and has one thing less to take. But then a session with its buffers and counts,
/// some ten lines of cache, moves to whichever processor works on its keys: two threads pushed about a sixth fewer entries. A
/// session is taken by a flag, not by a lock of its own, which every operation would pay for.
/// </para>
/// </remarks>
internal sealed class LogSessions : IDisposable
{
    /// <summary>So many that threads seldom meet in one.</summary>
    private const int LocksPerProcessor = 64;

    /// <summary>So many that reads of the disk run beside each other.</summary>
    private const int SessionsPerProcessor = 8;

    private readonly Lock[] _locks;
    private readonly LogSession[] _sessions;
    private volatile bool _closed;

    public LogSessions(Func<LogSession> create)
    {
        int processors = Math.Max(2, Environment.ProcessorCount);
        _locks = [.. Enumerable.Range(0, processors * LocksPerProcessor).Select(_ => new Lock())];
        _sessions = [.. Enumerable.Range(0, processors * SessionsPerProcessor).Select(_ => create())];
    }

    /// <summary>The bytes of the records that are neither removed nor replaced.</summary>
    public long LiveBytes => _sessions.Sum(session => session.LiveBytes);

    /// <summary>Whether nobody enters any more.</summary>
    public bool IsClosed => _closed;

    /// <summary>Takes the lock of a key, which all of its records share (see <see cref="RecordKey.PrefixOf"/>), and a session. Who holds all locks has it already.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed of.</exception>
    public KeyScope Enter(ReadOnlySpan<byte> prefix)
    {
        Lock key = _locks[RecordKey.Hash(prefix) % (uint)_locks.Length];
        key.Enter();
        if (_closed)
        {
            key.Exit();
            throw new ObjectDisposedException(nameof(FasterStoreIndex));
        }

        return new KeyScope(key, TakeSession());
    }

    /// <summary>Takes all locks: nobody reads or writes meanwhile.</summary>
    public AllKeysScope EnterAll() => new(_locks, _sessions[0]);

    /// <summary>Returns when all who were at work have done what they were at.</summary>
    public void WaitForAll()
    {
        foreach (Lock key in _locks)
        {
            key.Enter();
            key.Exit();
        }
    }

    /// <summary>What all sessions together counted for a store: exact when nobody writes; else each may be of its own moment, and the sum is not below zero all the same.</summary>
    public IndexTotals TotalsOf(int store)
    {
        IndexTotals sum = default;
        foreach (LogSession session in _sessions)
        {
            sum += session.TotalsOf(store);
        }

        return new(Math.Max(0, sum.Count), Math.Max(0, sum.Bytes), Math.Max(0, sum.AllocatedBytes), Math.Max(0, sum.AbsentCount));
    }

    /// <summary>Nobody enters any more. With all locks held.</summary>
    public void Close() => _closed = true;

    public void Dispose()
    {
        _closed = true;
        foreach (LogSession session in _sessions)
        {
            session.Dispose();
        }
    }

    private LogSession TakeSession()
    {
        uint nearest = (uint)Thread.GetCurrentProcessorId() * SessionsPerProcessor;
        var wait = new SpinWait();
        while (true)
        {
            for (uint i = 0; i < (uint)_sessions.Length; i++)
            {
                LogSession session = _sessions[(nearest + i) % (uint)_sessions.Length];
                if (session.TryTake())
                {
                    return session;
                }
            }

            wait.SpinOnce(); // all are busy, most likely with the disk: it soon yields, then sleeps
        }
    }
}

/// <summary>A key that one thread has for itself, and a session to work on it.</summary>
internal readonly ref struct KeyScope(Lock key, LogSession session)
{
    public LogSession Session { get; } = session;

    public void Dispose()
    {
        Session.Return();
        key.Exit();
    }
}

/// <summary>All keys in the hands of one thread.</summary>
internal readonly ref struct AllKeysScope
{
    private readonly Lock[] _locks;

    public AllKeysScope(Lock[] locks, LogSession session)
    {
        (_locks, Session) = (locks, session);
        foreach (Lock key in locks)
        {
            key.Enter();
        }
    }

    /// <summary>One to work with: none is in use.</summary>
    public LogSession Session { get; }

    public void Dispose()
    {
        foreach (Lock key in _locks)
        {
            key.Exit();
        }
    }
}
