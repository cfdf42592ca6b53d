using System.Diagnostics;
using Dapper;
using Microsoft.Data.Sqlite;

namespace ZarrCache.Index.Sqlite;

/// <summary>What opening an index gives: the connection that writes, and the lock that says that it is in use.</summary>
internal sealed record OpenedDatabase(IndexConnection Writer, SessionLock Session, IndexCondition Condition);

/// <summary>
/// Opens the database, makes it where there is none, replaces it where it is damaged, and finds out how it was left.
/// Safe against others who open the same file at the same time: what must be seen by one alone happens in a write
/// transaction, or, where there is no database to hold one, under a lock file.
/// </summary>
internal sealed class DatabaseOpener(DatabaseFile file, SqliteStoreIndexOptions options)
{
    /// <exception cref="CacheFormatException">Another version or program wrote the file, or it is damaged and must not or cannot be replaced.</exception>
    /// <exception cref="ZarrCacheException">The file cannot be made, opened or locked.</exception>
    public OpenedDatabase Open()
    {
        try
        {
            return OpenSound() ?? Rebuild();
        }
        catch (SqliteException e)
        {
            throw file.Failure(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ZarrCacheException($"The index '{file.Path}' cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>Null if the file is damaged.</summary>
    private OpenedDatabase? OpenSound()
    {
        file.Prepare();
        if (file.IsMarkedDamaged || FindDamage() is not null)
        {
            return null;
        }

        (SessionLock session, bool othersAreUsingIt, IndexCondition condition) = Enter();
        IndexConnection? writer = null;
        try
        {
            writer = file.ConnectWriter();
            PolicyChange.Apply(writer, file.Path, options.Policy.ForIndex(), othersAreUsingIt);
            return new OpenedDatabase(writer, session, condition);
        }
        catch
        {
            writer?.Dispose();
            session.Dispose();
            throw;
        }
    }

    /// <summary>Makes the tables if there are none, and joins those who have the index open; one at a time, by the write lock.</summary>
    private (SessionLock Session, bool OthersAreUsingIt, IndexCondition Condition) Enter()
    {
        using SqliteConnection connection = file.Connect();
        Retry(() => connection.Execute("PRAGMA journal_mode = WAL"));
        connection.Execute("BEGIN IMMEDIATE");
        SchemaState state = SqliteSchema.Inspect(connection, file.Path).State;
        bool empty = state == SchemaState.Empty;
        if (empty)
        {
            SqliteSchema.Initialize(connection, options.Policy.Name);
        }
        else if (state == SchemaState.Outdated)
        {
            SqliteSchema.Migrate(connection);
        }

        (int living, int dead) = SessionLock.Sweep(file.SessionDirectory);
        SessionLock session = SessionLock.Take(file.SessionDirectory);
        try
        {
            connection.Execute("COMMIT");
            IndexCondition condition = file.SweepMarker.Keep(empty ? IndexCondition.Created : dead > 0 ? IndexCondition.Unclean : IndexCondition.Clean);
            return (session, living > 0, condition);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private string? FindDamage()
    {
        using SqliteConnection connection = file.Connect();
        connection.Execute("BEGIN DEFERRED"); // one state of the file, while another process may be making it
        (SchemaState state, string reason) = SqliteSchema.Inspect(connection, file.Path);
        return state == SchemaState.Damaged ? reason : null;
    }

    private OpenedDatabase Rebuild()
    {
        FileStream? gate = null;
        Retry(() => gate = new FileStream(file.Path + ".rebuild", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose));
        using (gate)
        {
            // whoever held the gate before has replaced it, unless it is still damaged
            string? reason = file.IsMarkedDamaged ? "found while it was in use" : FindDamage();
            if (reason is not null)
            {
                if (!options.RebuildIfCorrupt)
                {
                    throw new CacheFormatException($"The index '{file.Path}' is damaged: {reason}. Move it away, or let it be rebuilt ({nameof(SqliteStoreIndexOptions.RebuildIfCorrupt)}).");
                }

                if (SessionLock.Sweep(file.SessionDirectory).Living > 0)
                {
                    throw new CacheFormatException($"The index '{file.Path}' is damaged: {reason}. Another process has it open; close it there, then it is made anew.");
                }

                file.MoveAside(reason);
            }

            return OpenSound() ?? throw new CacheFormatException($"The index '{file.Path}' was made anew and is damaged again.");
        }
    }

    /// <summary>Tries again while another process is in the way, for as long as a write would wait.</summary>
    private void Retry(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        for (; ; )
        {
            try
            {
                action();
                return;
            }
            catch (Exception e) when (e is IOException or SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_BUSY }
                && Stopwatch.GetElapsedTime(start) < options.BusyTimeout)
            {
                CancellationToken.None.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(2));
            }
        }
    }
}
