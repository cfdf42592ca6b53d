using System.Runtime.CompilerServices;
using System.Text;
using SQLitePCL;

namespace ZarrCache.Index.Sqlite;

/// <summary>
/// A statement that is prepared once and used for as long as its connection lives: the raw interface, because a command
/// of ADO.NET costs about 2 µs more each time. Not thread-safe, as its connection is not. Reset after every use.
/// </summary>
internal sealed class Statement(IndexConnection connection, sqlite3_stmt handle) : IDisposable
{
    /// <summary>Refuses half a surrogate pair, which UTF-8 would fold into one character, so that two keys would meet.</summary>
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public void Dispose() => handle.Dispose();

    /// <summary>Goes on to the next row; false after the last, when the statement is ready for its next use.</summary>
    public bool Step()
    {
        int code = raw.sqlite3_step(handle);
        if (code == raw.SQLITE_ROW)
        {
            return true;
        }

        if (code != raw.SQLITE_DONE)
        {
            ZarrCacheException failure = connection.Failure(code);
            raw.sqlite3_reset(handle);
            throw failure;
        }

        raw.sqlite3_reset(handle);
        return false;
    }

    /// <summary>Runs a statement that gives no rows.</summary>
    public void Run()
    {
        while (Step())
        {
            // a row here would be a RETURNING that nobody reads
        }
    }

    /// <summary>What to throw when a row holds what it cannot. Resets the statement, so that no read transaction stays open.</summary>
    public ZarrCacheException Damaged()
    {
        raw.sqlite3_reset(handle);
        return connection.Damaged();
    }

    /// <summary>Ends a read before its last row, and with it its read transaction.</summary>
    public void Reset() => raw.sqlite3_reset(handle);

    public void Bind(int parameter, long value) => Check(raw.sqlite3_bind_int64(handle, parameter, value));

    public void Bind(int parameter, double value) => Check(raw.sqlite3_bind_double(handle, parameter, value));

    public void BindNull(int parameter) => Check(raw.sqlite3_bind_null(handle, parameter));

    public void BindBlob(int parameter, ReadOnlySpan<byte> value) => Check(raw.sqlite3_bind_blob(handle, parameter, value));

    public void BindText(int parameter, ReadOnlySpan<byte> utf8) => Check(raw.sqlite3_bind_text(handle, parameter, utf8));

    [SkipLocalsInit]
    public void BindText(int parameter, string value)
    {
        const int OnStack = 1024;
        int most = StrictUtf8.GetMaxByteCount(value.Length);
        Span<byte> utf8 = most <= OnStack ? stackalloc byte[OnStack] : new byte[most];
        Check(raw.sqlite3_bind_text(handle, parameter, utf8[..StrictUtf8.GetBytes(value, utf8)]));
    }

    public bool IsNull(int column) => raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL;

    public long Int64(int column) => raw.sqlite3_column_int64(handle, column);

    public double Double(int column) => raw.sqlite3_column_double(handle, column);

    /// <summary>The bytes of a blob or of a text in UTF-8; valid until the next step.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(handle, column);

    public string Text(int column) => Encoding.UTF8.GetString(Bytes(column));

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            throw connection.Failure(code);
        }
    }
}
