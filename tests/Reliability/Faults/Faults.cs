namespace ZarrCache.Reliability;

/// <summary>Counts the calls that a cache makes of its index and its chunk storage, and lets some of them fail as a disk lets them. Thread-safe.</summary>
/// <param name="first">Which call is the first to fail, from 1.</param>
/// <param name="length">How many fail from then on.</param>
/// <param name="isLate">Whether what fails is done all the same, as a write whose answer was lost.</param>
/// <param name="error">Of which error.</param>
internal sealed class Faults(int first, int length, bool isLate, int error)
{
    private static readonly (int Number, string Text)[] Errors =
        [(28, "No space left on device"), (5, "Input/output error"), (13, "Permission denied"), (24, "Too many open files"), (30, "Read-only file system")];

    private int _calls;
    private volatile bool _ended;

    /// <summary>Whether any call has failed.</summary>
    public bool Any { get; private set; }

    /// <summary>No more faults from now on.</summary>
    public void End() => _ended = true;

    /// <summary>Makes a call of the index, or lets it fail.</summary>
    public ValueTask<T> OfIndexAsync<T>(Func<ValueTask<T>> call) => CallAsync(call, cause => new ZarrCacheException($"The index failed: {cause.Message}", cause));

    /// <inheritdoc cref="OfIndexAsync{T}"/>
    public async ValueTask OfIndexAsync(Func<ValueTask> call) => await OfIndexAsync(() => WithResultAsync(call));

    /// <summary>Makes a call of the storage, or lets it fail.</summary>
    public ValueTask<T> OfStorageAsync<T>(Func<ValueTask<T>> call) => CallAsync(call, cause => new StoreException($"The storage failed: {cause.Message}", cause));

    /// <inheritdoc cref="OfStorageAsync{T}"/>
    public async ValueTask OfStorageAsync(Func<ValueTask> call) => await OfStorageAsync(() => WithResultAsync(call));

    private static async ValueTask<bool> WithResultAsync(Func<ValueTask> call)
    {
        await call();
        return true;
    }

    private async ValueTask<T> CallAsync<T>(Func<ValueTask<T>> call, Func<Exception, Exception> wrap)
    {
        int number = Interlocked.Increment(ref _calls);
        if (_ended || number < first || number - first >= length)
        {
            return await call();
        }

        Any = true;
        if (isLate && await call() is IAsyncDisposable result)
        {
            await result.DisposeAsync();
        }

        (int code, string text) = Errors[error % Errors.Length];
        throw wrap(code == 13 ? new UnauthorizedAccessException(text) : new IOException(text, code));
    }
}
