using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using SQLitePCL;

namespace ZarrCache.Index.Sqlite;

/// <summary>The files of one index: the database with its log, the marker of damage, what was moved aside. Thread-safe.</summary>
internal sealed partial class DatabaseFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly SqliteStoreIndexOptions _options;
    private readonly ILogger _logger;
    private int _damageSeen;

    static DatabaseFile() => Batteries_V2.Init(); // the library itself; ADO.NET's connections do so too

    public DatabaseFile(string path, SqliteStoreIndexOptions options)
    {
        Path = System.IO.Path.GetFullPath(path);
        SweepMarker = new SweepMarker(Path + ".unswept");
        _options = options;
        _logger = options.Logger ?? NullLogger.Instance;
    }

    public string Path { get; }

    public TimeSpan BusyTimeout => _options.BusyTimeout;

    /// <summary>Where the locks of those who have the index open lie.</summary>
    public string SessionDirectory => Path + ".sessions";

    /// <summary>Whether files and rows still have to be held against each other.</summary>
    public SweepMarker SweepMarker { get; }

    /// <summary>
    /// Whether an earlier user met damage that opening does not see: SQLite looks at a page only when it needs it.
    /// </summary>
    public bool IsMarkedDamaged => File.Exists(DamageMarker);

    private string DamageMarker => Path + ".damaged";

    /// <summary>Makes the directory (0700) and an empty file (0600) where there is none; SQLite gives its log the mode of the file.</summary>
    public void Prepare()
    {
        string directory = System.IO.Path.GetDirectoryName(Path)!;
        try
        {
            CreatePrivateDirectory(directory);
            if (!File.Exists(Path))
            {
                var create = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
                if (!OperatingSystem.IsWindows())
                {
                    create.UnixCreateMode = OwnerOnly;
                }

                using var made = new FileStream(Path, create);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ZarrCacheException($"The index '{Path}' cannot be made: {e.Message} Choose a directory that can be written.", e);
        }
    }

    /// <summary>Makes a directory and what is missing above it, each for its owner alone.</summary>
    public static void CreatePrivateDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else if (!Directory.Exists(directory))
        {
            if (System.IO.Path.GetDirectoryName(directory) is { } parent)
            {
                CreatePrivateDirectory(parent); // the mode that is handed in holds for the last one only
            }

            Directory.CreateDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    /// <summary>A connection for Dapper, for what happens once: looking at the schema and making it.</summary>
    public SqliteConnection Connect()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = Path,
            Pooling = false, // the pool would keep files open that a disposed index has promised to leave
            DefaultTimeout = (int)Math.Max(1, Math.Ceiling(BusyTimeout.TotalSeconds)),
        }.ToString());
        connection.Open();
        return connection;
    }

    public IndexConnection ConnectWriter()
    {
        IndexConnection connection = new(this, _options.WriterCacheBytes, _options.MemoryMapBytes);
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA wal_autocheckpoint = {LogPages()}"));
        connection.Execute("PRAGMA journal_size_limit = 67108864");
        return connection;
    }

    /// <summary>
    /// After how many pages the log is folded back: each 1000, SQLite's own choice, costs a third of the speed of a bulk load; but on a
    /// small disk a long log takes all the room there is, and then there is none to fold it back into either.
    /// </summary>
    private long LogPages()
    {
        const long PageBytes = 4096;
        const int Share = 16;
        const int Least = 64;
        const int Most = 16_000;
        try
        {
            return Math.Clamp(new DriveInfo(System.IO.Path.GetDirectoryName(Path)!).AvailableFreeSpace / Share / PageBytes, Least, Most);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Most; // a file system that does not say
        }
    }

    public IndexConnection ConnectReader() => new(this, _options.ReaderCacheBytes, _options.MemoryMapBytes);

    /// <summary>Moves a damaged database aside, for people to look at, with the log that belongs to it.</summary>
    public void MoveAside(string reason)
    {
        string aside = string.Create(CultureInfo.InvariantCulture, $"{Path}.corrupt-{_options.TimeProvider.GetUtcNow():yyyyMMddTHHmmssfffZ}");
        try
        {
            File.Move(Path, aside, overwrite: true);
            MoveIfThere(Path + "-wal", aside + "-wal");
            MoveIfThere(Path + "-shm", aside + "-shm");
            File.Delete(DamageMarker);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CacheFormatException($"The index '{Path}' is damaged ({reason}) and cannot be moved aside: {e.Message}", e);
        }

        LogMovedAside(_logger, Path, reason, aside);
    }

    /// <summary>
    /// Gives SQLite's error the family of this library: damage is a <see cref="CacheFormatException"/>, and is marked,
    /// so that whoever opens the index next makes a new one.
    /// </summary>
    public ZarrCacheException Failure(SqliteException cause)
    {
        switch (cause.SqliteErrorCode)
        {
            case raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB:
                MarkDamaged();
                return new CacheFormatException($"The index '{Path}' is damaged: {cause.Message}. Close it in every process and open it again: it is made anew.", cause);
            case raw.SQLITE_BUSY or raw.SQLITE_LOCKED:
                return new ZarrCacheException($"The index '{Path}' is locked: another process has been writing for longer than {BusyTimeout}.", cause);
            case raw.SQLITE_FULL:
                return new ZarrCacheException($"The disk of the index '{Path}' is full.", cause);
            default:
                return new ZarrCacheException($"The index '{Path}' failed: {cause.Message} (SQLite error {cause.SqliteExtendedErrorCode}).", cause);
        }
    }

    private void MarkDamaged()
    {
        if (Interlocked.Exchange(ref _damageSeen, 1) == 1)
        {
            return;
        }

        try
        {
            File.WriteAllBytes(DamageMarker, []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotMarked(_logger, Path, e);
        }
    }

    private static void MoveIfThere(string from, string to)
    {
        if (File.Exists(from))
        {
            File.Move(from, to, overwrite: true);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The index {Path} was damaged ({Reason}). It was moved to {Aside} and made anew.")]
    private static partial void LogMovedAside(ILogger logger, string path, string reason, string aside);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The index {Path} is damaged, and that could not be marked for who opens it next.")]
    private static partial void LogNotMarked(ILogger logger, string path, Exception exception);
}
