using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>Runs scripts and commands; every failure of the server or of the way to it is a <see cref="ZarrCacheException"/>. Thread-safe.</summary>
internal sealed class RedisServer(IDatabase database, string address)
{
    private volatile bool _closed;

    public IDatabase Database => database;

    /// <summary>Where it is, for people: host and port, no secret.</summary>
    public string Address => address;

    /// <summary>From now on every call is an <see cref="ObjectDisposedException"/>.</summary>
    public void Close() => _closed = true;

    public void ThrowIfClosed() => ObjectDisposedException.ThrowIf(_closed, typeof(RedisStoreIndex));

    /// <summary>Runs a script. Its keys are declared, so that it runs on Redis Cluster and on Garnet too.</summary>
    /// <remarks>A call that is given up may be carried out all the same.</remarks>
    public async ValueTask<RedisResult> RunAsync(string script, RedisKey[] keys, RedisValue[] arguments, CancellationToken ct = default) =>
        await WaitAsync(database.ScriptEvaluateAsync(script, keys, arguments), ct).ConfigureAwait(false);

    /// <summary>Waits for what was sent.</summary>
    /// <exception cref="ZarrCacheException">It failed.</exception>
    public async ValueTask<T> WaitAsync<T>(Task<T> sent, CancellationToken ct = default)
    {
        try
        {
            return await (ct.CanBeCanceled ? sent.WaitAsync(ct) : sent).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RedisException or TimeoutException or ObjectDisposedException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            ThrowIfClosed();
            throw Failure(e);
        }
    }

    /// <summary>As it is told to callers. That the server is out of reach is told apart: readers are spared it until it answers again.</summary>
    public ZarrCacheException Failure(Exception cause) => cause switch
    {
        RedisServerException when cause.Message.StartsWith("OOM", StringComparison.Ordinal) =>
            new ServerFullException($"The Redis server {address} has no memory left for more entries: raise its maxmemory, or lower the cache's MaxEntries.", cause),
        RedisServerException => new ZarrCacheException($"The Redis server {address} failed: {cause.Message}", cause),
        _ => new IndexUnavailableException($"The Redis server {address} does not answer: {cause.Message}", cause),
    };
}

/// <summary>The server has reached its maxmemory: it reads and deletes, and writes nothing.</summary>
internal sealed class ServerFullException(string message, Exception cause) : ZarrCacheException(message, cause);
