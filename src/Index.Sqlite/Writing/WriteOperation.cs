using System.Threading.Tasks.Sources;

namespace ZarrCache.Index.Sqlite;

/// <summary>
/// One call that writes: queued by its caller, run by the <see cref="WriteLoop"/> in a transaction that it shares with
/// others, completed when that is committed. May be run again, alone, if the transaction failed.
/// </summary>
internal abstract class WriteOperation
{
    private const int Queued = 0;
    private const int Running = 1;
    private const int GivenUp = 2;
    private int _state;

    /// <summary>About how many rows it changes in one step: what bounds a transaction.</summary>
    public virtual int Weight => 1;

    /// <summary>Takes a step. False: there is more to do in a later transaction, so that others get their turn.</summary>
    public abstract bool Execute(WriteTransaction transaction);

    /// <summary>The step that was taken last is committed.</summary>
    public virtual void OnCommitted()
    {
    }

    public abstract void Complete();

    public abstract void Fail(Exception failure);

    /// <summary>Claims the operation for the writer; false if its caller has given up.</summary>
    public bool TryStart() => Interlocked.CompareExchange(ref _state, Running, Queued) is Queued or Running;

    /// <summary>Claims it for a caller who gives up; false if it has begun.</summary>
    protected bool TryGiveUp() => Interlocked.CompareExchange(ref _state, GivenUp, Queued) == Queued;
}

/// <inheritdoc/>
/// <typeparam name="T">What it answers.</typeparam>
internal abstract class WriteOperation<T> : WriteOperation, IValueTaskSource<T>
{
    private ManualResetValueTaskSourceCore<T> _completion = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private CancellationToken _token;

    /// <summary>Set by <see cref="WriteOperation.Execute"/>, told when it is committed.</summary>
    protected T Result { get; set; } = default!;

    /// <summary>To be awaited once.</summary>
    public ValueTask<T> AsValueTask() => new(this, _completion.Version);

    /// <summary>Lets the caller give up as long as the operation has not begun. Called before it is queued.</summary>
    public void CancelWith(CancellationToken ct)
    {
        _token = ct;
        if (ct.CanBeCanceled)
        {
            _registration = ct.UnsafeRegister(static state => ((WriteOperation<T>)state!).GiveUp(), this);
        }
    }

    public override void Complete()
    {
        _registration.Unregister();
        _completion.SetResult(Result);
    }

    public override void Fail(Exception failure)
    {
        _registration.Unregister();
        _completion.SetException(failure);
    }

    T IValueTaskSource<T>.GetResult(short token) => _completion.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<T>.GetStatus(short token) => _completion.GetStatus(token);

    void IValueTaskSource<T>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);

    private void GiveUp()
    {
        if (TryGiveUp())
        {
            _completion.SetException(new OperationCanceledException(_token));
        }
    }
}
