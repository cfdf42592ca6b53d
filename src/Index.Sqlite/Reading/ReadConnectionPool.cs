using System.Collections.Concurrent;

namespace ZarrCache.Index.Sqlite;

/// <summary>
/// Connections that read, kept open for who comes next, at most one for each processor. A read is synchronous, so no
/// more are in use at once than threads run; what is rented beyond that is opened and closed again. Thread-safe.
/// </summary>
internal sealed class ReadConnectionPool(DatabaseFile file, StoreNames names) : IDisposable
{
    private readonly ConcurrentStack<ReadConnection> _idle = new();
    private volatile bool _closed;

    /// <summary>Rents a connection until the lease is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The index was closed.</exception>
    public Lease Rent()
    {
        ObjectDisposedException.ThrowIf(_closed, typeof(SqliteStoreIndex));
        if (_idle.TryPop(out ReadConnection? idle))
        {
            return new Lease(this, idle);
        }

        IndexConnection connection = file.ConnectReader();
        try
        {
            return new Lease(this, new ReadConnection(connection, names));
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _closed = true;
        CloseIdle();
    }

    private void Return(ReadConnection connection)
    {
        if (_idle.Count >= Environment.ProcessorCount)
        {
            connection.Dispose();
            return;
        }

        _idle.Push(connection);
        if (_closed)
        {
            CloseIdle(); // it was closed between the look and the push
        }
    }

    private void CloseIdle()
    {
        while (_idle.TryPop(out ReadConnection? idle))
        {
            idle.Dispose();
        }
    }

    internal readonly struct Lease(ReadConnectionPool pool, ReadConnection connection) : IDisposable
    {
        public ReadConnection Reader => connection;

        public void Dispose() => pool.Return(connection);
    }
}
