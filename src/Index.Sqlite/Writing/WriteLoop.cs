using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace ZarrCache.Index.Sqlite;

/// <summary>
/// The one writer of this process: a thread of its own, because SQLite's calls block, with the connection that only it
/// uses. Operations that wait share a transaction, and those that arrive while it runs join it until it is committed;
/// so 256 callers pay for a commit together. An operation that fails takes nobody with it: the transaction is rolled
/// back and each of its operations run again in one of its own.
/// </summary>
internal sealed class WriteLoop : IAsyncDisposable
{
    /// <summary>A transaction takes in no more after so many rows: what bounds how long the others wait.</summary>
    private const int MaxWeight = 10_000;

    /// <summary>How long a transaction waits for as many operations as the one before had: callers who wait for one commit are soon back for the next.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMicroseconds(100);

    private readonly WriteTransaction _transaction;
    private readonly List<WriteOperation> _group = [];
    private int _lastGroup;
    private readonly List<WriteOperation> _unfinished = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // guards the queue and the flag; held to add or take one operation
    private readonly object _gate = new();
    private readonly Queue<WriteOperation> _queue = new();
    private bool _closing;

    public WriteLoop(WriteTransaction transaction)
    {
        _transaction = transaction;
        new Thread(Run) { IsBackground = true, Name = "ZarrCache index writer" }.Start();
    }

    /// <summary>Queues an operation. Its caller's token ends the wait as long as it has not begun.</summary>
    /// <exception cref="ObjectDisposedException">The index was closed.</exception>
    public ValueTask<T> RunAsync<T>(WriteOperation<T> operation, CancellationToken ct)
    {
        if (ct.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<T>(ct);
        }

        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closing, typeof(SqliteStoreIndex));
            operation.CancelWith(ct);
            _queue.Enqueue(operation);
            if (_queue.Count == 1)
            {
                Monitor.Pulse(_gate);
            }
        }

        return operation.AsValueTask();
    }

    /// <summary>Carries out what is queued, then ends and closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _closing = true;
            Monitor.Pulse(_gate);
        }

        await _ended.Task.ConfigureAwait(false);
    }

    private void Run()
    {
        while (TryTake(wait: true, out WriteOperation? first))
        {
            RunGroup(first);
        }

        _transaction.Dispose();
        _ended.SetResult();
    }

    private bool TryTake(bool wait, [NotNullWhen(true)] out WriteOperation? operation)
    {
        lock (_gate)
        {
            for (; ; )
            {
                while (_queue.TryDequeue(out operation))
                {
                    if (operation.TryStart())
                    {
                        return true;
                    }
                }

                if (!wait || _closing)
                {
                    return false;
                }

                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>The next operation, waited for a moment while there are fewer than last time; a lone caller never waits.</summary>
    private bool TryTakeSoon([NotNullWhen(true)] out WriteOperation? operation)
    {
        if (TryTake(wait: false, out operation))
        {
            return true;
        }

        long start = Stopwatch.GetTimestamp();
        var spin = new SpinWait();
        while (_group.Count < _lastGroup && Stopwatch.GetElapsedTime(start) < Gathering)
        {
            spin.SpinOnce(sleep1Threshold: -1);
            if (TryTake(wait: false, out operation))
            {
                return true;
            }
        }

        return false;
    }

    private void RunGroup(WriteOperation first)
    {
        _group.Clear();
        _unfinished.Clear();
        _group.Add(first);
        try
        {
            _transaction.Begin();
        }
        catch (Exception e)
        {
            FailAllThatWait(e);
            return;
        }

        try
        {
            int weight = 0;
            WriteOperation? operation = first;
            do
            {
                if (operation != first)
                {
                    _group.Add(operation);
                }

                weight += operation.Weight;
                if (!operation.Execute(_transaction))
                {
                    _unfinished.Add(operation);
                }
            }
            while (weight < MaxWeight && TryTakeSoon(out operation));

            _lastGroup = _group.Count;
            _transaction.Commit();
        }
        catch (Exception e)
        {
            TakeBack(e);
            return;
        }

        foreach (WriteOperation done in _group)
        {
            Finish(done, !_unfinished.Contains(done));
        }
    }

    /// <summary>Without the write lock nobody gets on; who has waited behind the first must not wait as long again.</summary>
    private void FailAllThatWait(Exception cause)
    {
        _group[0].Fail(cause);
        while (TryTake(wait: false, out WriteOperation? operation))
        {
            operation.Fail(cause);
        }
    }

    private void TakeBack(Exception cause)
    {
        try
        {
            _transaction.Rollback();
        }
        catch (ZarrCacheException e)
        {
            cause = new ZarrCacheException($"{cause.Message} Taking the transaction back failed too: {e.Message}", cause);
        }

        if (_group.Count == 1)
        {
            _group[0].Fail(cause);
            return;
        }

        foreach (WriteOperation operation in _group.ToArray())
        {
            RunAlone(operation);
        }
    }

    private void RunAlone(WriteOperation operation)
    {
        bool finished;
        try
        {
            _transaction.Begin();
            finished = operation.Execute(_transaction);
            _transaction.Commit();
        }
        catch (Exception e)
        {
            _group.Clear();
            _group.Add(operation);
            TakeBack(e);
            return;
        }

        Finish(operation, finished);
    }

    private void Finish(WriteOperation operation, bool finished)
    {
        operation.OnCommitted();
        if (finished)
        {
            operation.Complete();
            return;
        }

        lock (_gate)
        {
            _queue.Enqueue(operation);
        }
    }
}
