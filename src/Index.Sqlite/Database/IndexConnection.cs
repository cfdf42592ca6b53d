using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ZarrCache.Index.Sqlite;

/// <summary>
/// One connection to the database with the statements prepared on it. Used by one thread at a time, which SQLite is
/// told: its own lock, taken for every column that is read, costs a tenth of a look-up and a fifth of an enumeration.
/// That, and no commands between, is why it is not ADO.NET's; <see cref="DatabaseFile.Connect"/> gives one of those.
/// </summary>
internal sealed class IndexConnection : IDisposable
{
    private readonly DatabaseFile _file;
    private readonly Dictionary<string, Statement> _statements = [];
    private readonly sqlite3 _handle;

    public IndexConnection(DatabaseFile file, long cacheBytes, long memoryMapBytes)
    {
        _file = file;
        int opened = raw.sqlite3_open_v2(file.Path, out _handle, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_NOMUTEX, null);
        try
        {
            if (opened != raw.SQLITE_OK)
            {
                throw Failure(opened);
            }

            SetBusyTimeout(file.BusyTimeout);
            Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA cache_size = {-cacheBytes / 1024}"));
            Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA mmap_size = {memoryMapBytes}"));
            Execute("PRAGMA synchronous = NORMAL");
        }
        catch
        {
            _handle.Dispose();
            throw;
        }
    }

    /// <summary>Whether a transaction is open; SQLite itself rolls back after some failures.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(_handle) == 0;

    /// <summary>How many rows the last INSERT, UPDATE or DELETE changed.</summary>
    public int Changes => raw.sqlite3_changes(_handle);

    public void Dispose()
    {
        foreach (Statement statement in _statements.Values)
        {
            statement.Dispose();
        }

        _statements.Clear();
        _handle.Dispose();
    }

    /// <summary>How long SQLite itself waits for a lock, by a few sleeps of growing length.</summary>
    public void SetBusyTimeout(TimeSpan time) => raw.sqlite3_busy_timeout(_handle, (int)time.TotalMilliseconds);

    /// <summary>The prepared statement of this SQL, prepared when it is first asked for.</summary>
    public Statement Prepare(string sql)
    {
        if (!_statements.TryGetValue(sql, out Statement? statement))
        {
            int code = raw.sqlite3_prepare_v3(_handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out sqlite3_stmt prepared);
            if (code != raw.SQLITE_OK)
            {
                throw Failure(code);
            }

            statement = new Statement(this, prepared);
            _statements.Add(sql, statement);
        }

        return statement;
    }

    /// <summary>Runs a statement that is not worth keeping.</summary>
    public void Execute(string sql)
    {
        int code = raw.sqlite3_exec(_handle, sql);
        if (code != raw.SQLITE_OK)
        {
            throw Failure(code);
        }
    }

    /// <summary>Damage that SQLite did not see.</summary>
    public ZarrCacheException Damaged() => _file.Failure(new SqliteException("a row holds a value out of its range", raw.SQLITE_CORRUPT));

    /// <summary>Turns the last error of this connection into an exception that names the file.</summary>
    public ZarrCacheException Failure(int code)
    {
        string message = raw.sqlite3_errmsg(_handle).utf8_to_string();
        return _file.Failure(new SqliteException(message, code, raw.sqlite3_extended_errcode(_handle)));
    }
}
