using Dapper;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ZarrCache.Index.Sqlite;

/// <summary>What <see cref="SqliteSchema.Inspect"/> found.</summary>
internal enum SchemaState
{
    Empty,
    Current,
    Outdated,
    Damaged,
}

/// <summary>The tables and indices of the database, and their version.</summary>
internal static class SqliteSchema
{
    /// <summary>The version of the schema that this program writes; the file's is its <c>user_version</c>.</summary>
    public const int Version = 2;

    /// <summary>'ZCIX' in the file's header: a ZarrCache index, whatever it is called.</summary>
    public const int ApplicationId = 0x5A434958;

    /// <summary>
    /// <c>entries_by_place</c> serves find, parts, key order and prefixes (keys compare by their UTF-8 bytes).
    /// <c>entries_by_priority</c> serves pop, of one store, retention and kind without passing over the others, and of all by
    /// a merge (<see cref="PriorityMerge"/>); a second index, over all stores, would cost a fifth of the speed of a push
    /// and a third of that of an access. The single row of <c>state</c> makes the totals of everything O(1). Triggers for
    /// the totals would cost a quarter of the speed of a push.
    /// </summary>
    private const string Create = $"""
        CREATE TABLE stores (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
            count INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
            allocated_bytes INTEGER NOT NULL DEFAULT 0, absent_count INTEGER NOT NULL DEFAULT 0);
        CREATE TABLE entries (
            id INTEGER PRIMARY KEY, store INTEGER NOT NULL, key TEXT NOT NULL, "offset" INTEGER NOT NULL, kind INTEGER NOT NULL,
            size INTEGER NOT NULL, allocated_size INTEGER NOT NULL, object_size INTEGER, checksums BLOB, etag TEXT, last_modified INTEGER,
            stored_at INTEGER NOT NULL, validated_at INTEGER NOT NULL, last_access INTEGER NOT NULL, access_count INTEGER NOT NULL,
            load_duration INTEGER NOT NULL, priority REAL NOT NULL, version INTEGER NOT NULL,
            access_clock INTEGER NOT NULL DEFAULT 0, referenced INTEGER NOT NULL DEFAULT 0, retention INTEGER NOT NULL DEFAULT 0);
        CREATE UNIQUE INDEX entries_by_place ON entries (store, key, "offset");
        CREATE TABLE state (
            id INTEGER PRIMARY KEY CHECK (id = 1), clock INTEGER NOT NULL, policy TEXT NOT NULL,
            count INTEGER NOT NULL, bytes INTEGER NOT NULL, allocated_bytes INTEGER NOT NULL, absent_count INTEGER NOT NULL,
            policy_saves INTEGER NOT NULL DEFAULT 0, pin_changes INTEGER NOT NULL DEFAULT 0);
        {CreateSince2}
        """;

    /// <summary>
    /// <c>policy_saves</c> and <c>pin_changes</c> are counted up with each change of the tables that they stand for, and read
    /// with the clock when a transaction begins: so each process sees what another one changed. A pin is 0, or 1 while it is
    /// applied to the entries that are there already, or 2 while it is taken back from them: what was broken off is finished at the next opening.
    /// </summary>
    private const string CreateSince2 = """
        CREATE INDEX entries_by_priority ON entries (store, retention, kind, priority);
        CREATE TABLE policy_state (id INTEGER PRIMARY KEY CHECK (id = 1), state BLOB NOT NULL);
        CREATE TABLE pins (store TEXT NOT NULL, prefix TEXT NOT NULL, pending INTEGER NOT NULL, PRIMARY KEY (store, prefix)) WITHOUT ROWID;
        """;

    private const string Migrate1To2 = $"""
        ALTER TABLE entries ADD COLUMN access_clock INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE entries ADD COLUMN referenced INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE entries ADD COLUMN retention INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE state ADD COLUMN policy_saves INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE state ADD COLUMN pin_changes INTEGER NOT NULL DEFAULT 0;
        UPDATE entries SET retention = 1 WHERE key IN ('zarr.json', '.zarray', '.zattrs', '.zgroup', '.zmetadata')
            OR key GLOB '*/zarr.json' OR key GLOB '*/.zarray' OR key GLOB '*/.zattrs' OR key GLOB '*/.zgroup' OR key GLOB '*/.zmetadata';
        DROP INDEX entries_by_priority;
        {CreateSince2}
        """;

    /// <summary>Looks at what a file is, without changing it.</summary>
    /// <exception cref="CacheFormatException">It was written by a newer version, or is another program's database.</exception>
    public static (SchemaState State, string Reason) Inspect(SqliteConnection connection, string path)
    {
        try
        {
            int application = connection.ExecuteScalar<int>("PRAGMA application_id");
            int version = connection.ExecuteScalar<int>("PRAGMA user_version");
            int tables = connection.ExecuteScalar<int>("SELECT count(*) FROM sqlite_schema");
            if (application == 0 && version == 0 && tables == 0)
            {
                return (SchemaState.Empty, "");
            }

            if (application != ApplicationId)
            {
                throw new CacheFormatException($"'{path}' is a database of another program (application id {application}), not a ZarrCache index; name another file.");
            }

            if (version > Version)
            {
                throw new CacheFormatException(
                    $"The index '{path}' has schema version {version}; this program knows versions up to {Version}. Use the newer ZarrCache that wrote it, or move the file away to begin a new index.");
            }

            return Probe(connection, version) is { } fault ? (SchemaState.Damaged, fault)
                : (version < Version ? SchemaState.Outdated : SchemaState.Current, "");
        }
        catch (SqliteException e) when (e.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB or raw.SQLITE_ERROR)
        {
            return (SchemaState.Damaged, e.Message);
        }
    }

    /// <summary>Makes the tables; in the caller's transaction.</summary>
    public static void Initialize(SqliteConnection connection, string policy)
    {
        connection.Execute(Create);
        connection.Execute("INSERT INTO state VALUES (1, 0, @policy, 0, 0, 0, 0, 0, 0)", new { policy });
        connection.Execute($"PRAGMA application_id = {ApplicationId}");
        connection.Execute($"PRAGMA user_version = {Version}");
    }

    /// <summary>Brings the tables of an earlier version to this one, entries and all; in the caller's transaction. O(entries).</summary>
    public static void Migrate(SqliteConnection connection)
    {
        connection.Execute(Migrate1To2);
        connection.Execute($"PRAGMA user_version = {Version}");
    }

    /// <summary>
    /// Reads the ends of every tree, which a file that was cut short no longer has. No full check: that would take
    /// minutes for many keys, and does not see a flipped byte either (measured).
    /// </summary>
    private static string? Probe(SqliteConnection connection, int version)
    {
        if (connection.ExecuteScalar<int>("SELECT count(*) FROM state") != 1)
        {
            return "its state is missing";
        }

        foreach (string end in (string[])["ASC", "DESC"])
        {
            string retention = version == 1 ? "" : $"retention {end}, ";
            connection.Execute($"SELECT version FROM entries ORDER BY id {end} LIMIT 1");
            connection.Execute($"SELECT version FROM entries ORDER BY store {end}, key {end}, \"offset\" {end} LIMIT 1");
            connection.Execute($"SELECT version FROM entries ORDER BY store {end}, {retention}kind {end}, priority {end} LIMIT 1");
        }

        return connection.Query<string>("SELECT name FROM stores").Any(string.IsNullOrEmpty) ? "a store has no name" : null;
    }
}
