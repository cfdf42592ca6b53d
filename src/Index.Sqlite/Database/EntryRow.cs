using System.Runtime.CompilerServices;

namespace ZarrCache.Index.Sqlite;

/// <summary>How an <see cref="IndexEntry"/> lies in a row of <c>entries</c>. Times are UTC ticks of 100 ns.</summary>
internal static class EntryRow
{
    /// <summary>What is selected, in the order in which it is read.</summary>
    public const string Columns =
        "id, store, key, \"offset\", kind, size, allocated_size, object_size, checksums, etag, last_modified, " +
        "stored_at, validated_at, last_access, access_count, load_duration, priority, version, access_clock, referenced, retention";

    /// <summary>Inserts at a place that is empty; else changes nothing.</summary>
    public const string InsertIfEmpty = """
        INSERT INTO entries (store, key, "offset", kind, size, allocated_size, object_size, checksums, etag, last_modified,
            stored_at, validated_at, last_access, access_count, load_duration, priority, version, access_clock, referenced, retention)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, 0, ?19)
        ON CONFLICT DO NOTHING
        """;

    /// <summary>Replaces what lies at a place, under the same id.</summary>
    public const string Replace = """
        UPDATE entries SET kind = ?4, size = ?5, allocated_size = ?6, object_size = ?7, checksums = ?8, etag = ?9,
            last_modified = ?10, stored_at = ?11, validated_at = ?12, last_access = ?13, access_count = ?14,
            load_duration = ?15, priority = ?16, version = ?17, access_clock = ?18, referenced = 0, retention = ?19
        WHERE store = ?1 AND key = ?2 AND "offset" = ?3
        """;

    public const int IdColumn = 0;
    public const int StoreColumn = 1;
    public const int PriorityColumn = 16;

    /// <summary>Binds the identity, as parameters 1 to 3.</summary>
    public static void BindPlace(Statement statement, long store, string key, long offset)
    {
        statement.Bind(1, store);
        statement.BindText(2, key);
        statement.Bind(3, offset);
    }

    /// <summary>Binds everything, for <see cref="InsertIfEmpty"/> and <see cref="Replace"/>.</summary>
    [SkipLocalsInit]
    public static void Bind(Statement statement, long store, IndexEntry entry, double priority)
    {
        BindPlace(statement, store, entry.Key, entry.Kind == EntryKind.Part ? entry.Offset : EntryKey.Whole);
        statement.Bind(4, (long)entry.Kind);
        statement.Bind(5, entry.Size);
        statement.Bind(6, entry.AllocatedSize);
        BindOrNull(statement, 7, entry.ObjectSize == entry.Size ? null : entry.ObjectSize);
        int blocks = entry.Checksums.Count;
        if (blocks == 0)
        {
            statement.BindNull(8);
        }
        else
        {
            const int OnStack = 16;
            Span<byte> checksums = blocks <= OnStack ? stackalloc byte[OnStack * sizeof(ulong)] : new byte[blocks * sizeof(ulong)];
            entry.Checksums.CopyTo(checksums);
            statement.BindBlob(8, checksums[..(blocks * sizeof(ulong))]);
        }

        if (entry.ETag is null)
        {
            statement.BindNull(9);
        }
        else
        {
            statement.BindText(9, entry.ETag);
        }

        BindOrNull(statement, 10, entry.LastModified?.UtcTicks);
        statement.Bind(11, entry.StoredAt.UtcTicks);
        statement.Bind(12, entry.ValidatedAt.UtcTicks);
        statement.Bind(13, entry.LastAccess.UtcTicks);
        statement.Bind(14, entry.AccessCount);
        statement.Bind(15, entry.LoadDuration.Ticks);
        statement.Bind(16, priority);
        statement.Bind(17, entry.Version);
        statement.Bind(18, entry.AccessClock);
        statement.Bind(19, (long)entry.Retention);
    }

    /// <summary>Reads the row that a statement stands on.</summary>
    /// <exception cref="CacheFormatException">It holds what no entry can: a flipped byte, which SQLite itself does not notice. The statement is reset.</exception>
    /// <param name="row">A statement that selects <see cref="Columns"/>.</param>
    /// <param name="storeId">The name of its store: one string for all rows of a store.</param>
    public static IndexEntry Read(Statement row, string storeId) => Read(row, storeId, row.Text(2));

    /// <inheritdoc cref="Read(Statement, string)"/>
    public static IndexEntry Read(Statement row, string storeId, string key)
    {
        EntryKind kind = Kind(row);
        long size = row.Int64(5);
        ReadOnlySpan<byte> checksums = row.Bytes(8);
        if (kind is not (EntryKind.Value or EntryKind.Part or EntryKind.Absent) || size < 0 || row.Int64(3) < EntryKey.Whole
            || row.Int64(20) is < 0 or > (long)Retention.Pinned || (!row.IsNull(7) && row.Int64(7) < 0) || checksums.Length % sizeof(ulong) != 0)
        {
            throw row.Damaged();
        }

        return new IndexEntry
        {
            StoreId = storeId,
            Key = key,
            Kind = kind,
            Offset = kind == EntryKind.Part ? row.Int64(3) : 0,
            Size = size,
            AllocatedSize = row.Int64(6),
            ObjectSize = row.IsNull(7) ? size : row.Int64(7),
            Checksums = BlockChecksums.FromBytes(checksums),
            ETag = row.IsNull(9) ? null : row.Text(9),
            LastModified = row.IsNull(10) ? null : Utc(row, 10),
            StoredAt = Utc(row, 11),
            ValidatedAt = Utc(row, 12),
            LastAccess = Utc(row, 13),
            AccessCount = row.Int64(14),
            LoadDuration = new TimeSpan(row.Int64(15)),
            Priority = row.Double(PriorityColumn),
            Version = row.Int64(17),
            AccessClock = row.Int64(18),
            Referenced = row.Int64(19) != 0,
            Retention = (Retention)row.Int64(20),
        };
    }

    public static EntryKind Kind(Statement row) => (EntryKind)row.Int64(4);

    public static (string Key, long Offset) Place(Statement row) => (row.Text(2), row.Int64(3));

    private static DateTimeOffset Utc(Statement row, int column)
    {
        long ticks = row.Int64(column);
        return ticks >= 0 && ticks <= DateTimeOffset.MaxValue.UtcTicks ? new DateTimeOffset(ticks, TimeSpan.Zero) : throw row.Damaged();
    }

    private static void BindOrNull(Statement statement, int parameter, long? value)
    {
        if (value is { } number)
        {
            statement.Bind(parameter, number);
        }
        else
        {
            statement.BindNull(parameter);
        }
    }
}
