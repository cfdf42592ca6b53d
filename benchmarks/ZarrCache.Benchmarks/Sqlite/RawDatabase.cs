using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using SQLitePCL;
using ZarrCache.Index.Sqlite;

namespace ZarrCache.Benchmarks.Sqlite;

/// <summary>
/// The yardstick: SQLitePCLRaw with prepared statements and nothing else, on the schema and the indices of the index
/// itself, which makes the file, and with its pragmas. It keeps no totals, no clock and no accesses.
/// </summary>
internal sealed class RawDatabase : IDisposable
{
    private const string Columns =
        "id, store, key, \"offset\", kind, size, allocated_size, object_size, checksums, etag, last_modified, " +
        "stored_at, validated_at, last_access, access_count, load_duration, priority, version";

    private readonly sqlite3 _db;
    private readonly sqlite3_stmt _insert;
    private sqlite3_stmt? _find;
    private long _clock;

    private RawDatabase(sqlite3 db)
    {
        _db = db;
        _insert = Prepare("""
            INSERT INTO entries (store, key, "offset", kind, size, allocated_size, object_size, checksums, etag, last_modified,
                stored_at, validated_at, last_access, access_count, load_duration, priority, version)
            VALUES (1, ?1, -1, 0, ?2, ?3, NULL, ?4, ?5, NULL, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            """);
    }

    public static async Task<RawDatabase> CreateAsync(string path)
    {
        await using (new SqliteStoreIndex(path))
        {
        }

        RawDatabase database = Open(path);
        database.Execute($"INSERT INTO stores (id, name) VALUES (1, '{Entries.Store}')");
        return database;
    }

    public static RawDatabase Open(string path)
    {
        Check(raw.sqlite3_open(path, out sqlite3 db));
        foreach (string pragma in (string[])["synchronous = NORMAL", "wal_autocheckpoint = 16000", "cache_size = -32768", "mmap_size = 1073741824"])
        {
            Check(raw.sqlite3_exec(db, "PRAGMA " + pragma));
        }

        return new RawDatabase(db);
    }

    public void Dispose()
    {
        _insert.Dispose();
        _find?.Dispose();
        _db.Dispose();
    }

    public void PushBatches(IndexEntry[] entries, int batch)
    {
        foreach (IndexEntry[] chunk in entries.Chunk(batch))
        {
            Execute("BEGIN IMMEDIATE");
            foreach (IndexEntry entry in chunk)
            {
                Insert(entry);
            }

            Execute("COMMIT");
        }
    }

    [SkipLocalsInit]
    public void Insert(IndexEntry entry)
    {
        Span<byte> utf8 = stackalloc byte[256];
        raw.sqlite3_bind_text(_insert, 1, utf8[..Encoding.UTF8.GetBytes(entry.Key, utf8)]);
        raw.sqlite3_bind_int64(_insert, 2, entry.Size);
        raw.sqlite3_bind_int64(_insert, 3, entry.AllocatedSize);
        Span<byte> checksums = stackalloc byte[8];
        entry.Checksums.CopyTo(checksums);
        raw.sqlite3_bind_blob(_insert, 4, checksums);
        raw.sqlite3_bind_text(_insert, 5, utf8[..Encoding.UTF8.GetBytes(entry.ETag, utf8)]);
        raw.sqlite3_bind_int64(_insert, 6, entry.StoredAt.UtcTicks);
        raw.sqlite3_bind_int64(_insert, 7, entry.ValidatedAt.UtcTicks);
        raw.sqlite3_bind_int64(_insert, 8, entry.LastAccess.UtcTicks);
        raw.sqlite3_bind_int64(_insert, 9, entry.AccessCount);
        raw.sqlite3_bind_int64(_insert, 10, entry.LoadDuration.Ticks);
        raw.sqlite3_bind_double(_insert, 11, ++_clock);
        raw.sqlite3_bind_int64(_insert, 12, entry.Version);
        raw.sqlite3_step(_insert);
        Check(raw.sqlite3_reset(_insert));
    }

    /// <summary>Selects the next entries in the order of priority, all columns, and deletes them; one transaction.</summary>
    /// <param name="count">How many.</param>
    /// <param name="keys">Told their keys; null if nobody wants to know.</param>
    public int Pop(int count, ICollection<string>? keys = null)
    {
        using sqlite3_stmt select = Prepare($"SELECT {Columns} FROM entries WHERE store = 1 AND kind = 0 ORDER BY priority LIMIT {count.ToString(CultureInfo.InvariantCulture)}");
        using sqlite3_stmt delete = Prepare("DELETE FROM entries WHERE id = ?1");
        Execute("BEGIN IMMEDIATE");
        var ids = new List<long>(count);
        while (raw.sqlite3_step(select) == raw.SQLITE_ROW)
        {
            ids.Add(ReadRow(select));
            keys?.Add(raw.sqlite3_column_text(select, 2).utf8_to_string());
        }

        foreach (long id in ids)
        {
            raw.sqlite3_bind_int64(delete, 1, id);
            raw.sqlite3_step(delete);
            Check(raw.sqlite3_reset(delete));
        }

        Execute("COMMIT");
        return ids.Count;
    }

    /// <summary>Reads every column of one entry; false if there is none.</summary>
    [SkipLocalsInit]
    public bool Find(string key)
    {
        _find ??= Prepare($"SELECT {Columns} FROM entries WHERE store = 1 AND key = ?1 AND \"offset\" = -1");
        Span<byte> utf8 = stackalloc byte[256];
        raw.sqlite3_bind_text(_find, 1, utf8[..Encoding.UTF8.GetBytes(key, utf8)]);
        bool found = raw.sqlite3_step(_find) == raw.SQLITE_ROW;
        if (found)
        {
            ReadRow(_find);
        }

        Check(raw.sqlite3_reset(_find));
        return found;
    }

    /// <summary>Deletes entries; one transaction.</summary>
    public void Delete(IEnumerable<string> keys)
    {
        using sqlite3_stmt delete = Prepare("DELETE FROM entries WHERE store = 1 AND key = ?1 AND \"offset\" = -1");
        Execute("BEGIN IMMEDIATE");
        foreach (string key in keys)
        {
            raw.sqlite3_bind_text(delete, 1, key);
            raw.sqlite3_step(delete);
            Check(raw.sqlite3_reset(delete));
        }

        Execute("COMMIT");
    }

    /// <summary>Steps through all entries and reads every column; texts become strings.</summary>
    public long Enumerate(string order)
    {
        using sqlite3_stmt select = Prepare($"SELECT {Columns} FROM entries {order}");
        long count = 0;
        while (raw.sqlite3_step(select) == raw.SQLITE_ROW)
        {
            ReadRow(select);
            count++;
        }

        return count;
    }

    private static long ReadRow(sqlite3_stmt row)
    {
        long id = raw.sqlite3_column_int64(row, 0);
        long sum = 0;
        foreach (int column in (ReadOnlySpan<int>)[1, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 17])
        {
            sum += raw.sqlite3_column_int64(row, column);
        }

        string key = raw.sqlite3_column_text(row, 2).utf8_to_string();
        ReadOnlySpan<byte> checksums = raw.sqlite3_column_blob(row, 8);
        string etag = raw.sqlite3_column_text(row, 9).utf8_to_string();
        double priority = raw.sqlite3_column_double(row, 16);
        GC.KeepAlive(key);
        GC.KeepAlive(etag);
        return sum == long.MinValue && priority < 0 && checksums.IsEmpty ? 0 : id;
    }

    private sqlite3_stmt Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v2(_db, sql, out sqlite3_stmt statement));
        return statement;
    }

    private void Execute(string sql) => Check(raw.sqlite3_exec(_db, sql));

    private static void Check(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            throw new InvalidOperationException($"SQLite error {code}");
        }
    }
}
