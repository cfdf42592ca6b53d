using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ZarrCache.Index.Faster;

/// <summary>An index directory, opened.</summary>
/// <param name="Lock">Held as long as it is open; null for who only looks.</param>
/// <param name="Log">The log, as the checkpoint has it.</param>
/// <param name="Checkpoint">What it was opened from.</param>
/// <param name="Condition">In what condition it was found.</param>
internal sealed record OpenedDirectory(DirectoryLock? Lock, LogStore Log, Checkpoint Checkpoint, IndexCondition Condition);

/// <summary>
/// Opens the directory of an index: its lock, its checkpoint, its log; or makes it. Damaged files are moved aside, or refused.
/// </summary>
internal sealed partial class IndexDirectory(string path, FasterStoreIndexOptions options)
{
    private readonly ILogger _logger = options.Logger ?? NullLogger.Instance;

    /// <summary>Where damage that was met while the index was in use is written down.</summary>
    private string DamagePath => System.IO.Path.Combine(path, "damaged");

    /// <exception cref="ZarrCacheException">Another process has it open, or it cannot be used; the message says which.</exception>
    /// <exception cref="CacheFormatException">It is damaged and must not be made anew, or is of a newer version.</exception>
    public OpenedDirectory Open()
    {
        try
        {
            CreatePrivate(path);
            CheckpointFile.RefuseNewer(path);
            if (DirectoryLock.TryTake(path, options.TimeProvider.GetUtcNow()) is not { } taken)
            {
                return options.LookOnlyIfInUse
                    ? Look(DirectoryLock.HolderOf(path))
                    : throw new ZarrCacheException($"The index '{path}' is in use by {DirectoryLock.HolderOf(path)}. One process at a time can use an index of this kind: end that one first, or choose 'sqlite', which several share.");
            }

            try
            {
                return OpenHeld(taken);
            }
            catch
            {
                taken.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ZarrCacheException($"The index directory '{path}' cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Remembers damage for who opens the index next.</summary>
    public void WriteDamage(string message) => File.WriteAllText(DamagePath, message);

    private OpenedDirectory OpenHeld(DirectoryLock taken)
    {
        try
        {
            if (File.Exists(DamagePath))
            {
                throw new CacheFormatException(File.ReadAllText(DamagePath));
            }

            Checkpoint? checkpoint = CheckpointFile.Read(path);
            return checkpoint is null ? Create(taken) : Recover(taken, checkpoint);
        }
        catch (CacheFormatException e) when (options.RebuildIfCorrupt)
        {
            LogMovedAside(_logger, e, MoveAside());
            return Create(taken);
        }
    }

    private OpenedDirectory Create(DirectoryLock taken)
    {
        DeleteLeftovers(keepTable: Guid.Empty, all: true);
        var log = new LogStore(path, options, null, readOnly: false);
        var checkpoint = new Checkpoint
        {
            At = options.TimeProvider.GetUtcNow(),
            Closed = false,
            Condition = IndexCondition.Created,
            Clock = 0,
            Log = (log.Log.BeginAddress, 0, 0),
            PageBytes = log.PageBytes,
            LogToken = Guid.Empty,
            LogMetadata = [],
            TableToken = Guid.Empty,
            TableMetadata = [],
            Table = default,
            TableBytes = log.TableBytes,
            Policy = options.Policy.Name,
            PolicyState = [],
            Pins = [],
            Stores = [],
        };
        CheckpointFile.Write(path, checkpoint);
        return new OpenedDirectory(taken, log, checkpoint, IndexCondition.Created);
    }

    private OpenedDirectory Recover(DirectoryLock taken, Checkpoint checkpoint)
    {
        IndexCondition condition = checkpoint.Closed || checkpoint.Condition == IndexCondition.Created ? checkpoint.Condition : IndexCondition.Rewound;
        LogStore log = OpenLog(checkpoint, readOnly: false);
        try
        {
            DeleteLeftovers(checkpoint.TableToken, all: false);
            checkpoint = checkpoint with { Closed = false, Condition = condition };
            CheckpointFile.Write(path, checkpoint); // from now on, a crash is one
            return new OpenedDirectory(taken, log, checkpoint, condition);
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Opens the last checkpoint beside its holder, who may make another one and remove files at any time.</summary>
    private OpenedDirectory Look(string holder)
    {
        for (int attempt = 1; ; attempt++)
        {
            Checkpoint checkpoint = CheckpointFile.Read(path)
                ?? throw new ZarrCacheException($"The index '{path}' is in use by {holder}, and has no checkpoint yet that could be looked at. Try again in a moment.");
            try
            {
                LogStore log = OpenLog(checkpoint, readOnly: true);
                string age = (options.TimeProvider.GetUtcNow() - checkpoint.At).TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
                LogLooking(_logger, path, holder, checkpoint.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), age);
                return new OpenedDirectory(null, log, checkpoint, IndexCondition.Clean);
            }
            catch (Exception e) when ((e is CacheFormatException or IOException) && attempt < 3 && CheckpointFile.Read(path)?.LogToken != checkpoint.LogToken)
            {
                continue; // its holder has made the next one meanwhile
            }
        }
    }

    private LogStore OpenLog(Checkpoint checkpoint, bool readOnly)
    {
        if (checkpoint.TableToken != Guid.Empty)
        {
            Verify(CheckpointTokens.TablePath(path, checkpoint.TableToken), checkpoint.Table);
        }

        try
        {
            return new LogStore(path, options, LogStore.WithRoom(checkpoint), readOnly);
        }
        catch (Exception e) when (e is FASTER.core.FasterException or FormatException or ArgumentException)
        {
            throw new CacheFormatException($"The index '{path}' is damaged: its log cannot be recovered. {e.Message}", e);
        }
    }

    private static void Verify(string file, (long Length, ulong Hash) table)
    {
        if (!File.Exists(file))
        {
            throw new CacheFormatException($"The file '{file}' of the index is missing.");
        }

        using FileStream stream = File.OpenRead(file);
        if (stream.Length != table.Length || Checkpointer.HashOf(stream) != table.Hash)
        {
            throw new CacheFormatException($"The file '{file}' of the index is damaged: its {stream.Length} bytes are not the {table.Length} that were saved.");
        }
    }

    /// <summary>Moves a damaged index out of the way; the lock stays.</summary>
    private string MoveAside()
    {
        string aside = $"{path}.corrupt-{options.TimeProvider.GetUtcNow().UtcDateTime.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture)}-{Guid.NewGuid():N}"[..^24];
        CreatePrivate(aside);
        foreach (string file in OwnFiles())
        {
            File.Move(file, System.IO.Path.Combine(aside, System.IO.Path.GetFileName(file)));
        }

        return aside;
    }

    /// <summary>Removes what a crash left that no checkpoint names: hash tables, and logs of an index that never had a checkpoint.</summary>
    private void DeleteLeftovers(Guid keepTable, bool all)
    {
        string keep = CheckpointTokens.TablePath(path, keepTable);
        foreach (string file in OwnFiles().Where(file => all || (System.IO.Path.GetFileName(file).StartsWith("table.", StringComparison.Ordinal) && file != keep)))
        {
            File.Delete(file);
        }
    }

    private IEnumerable<string> OwnFiles() => Directory.GetFiles(path).Where(file => System.IO.Path.GetFileName(file) is "checkpoint" or "checkpoint.new" or "damaged"
        || System.IO.Path.GetFileName(file).StartsWith("log.", StringComparison.Ordinal)
        || System.IO.Path.GetFileName(file).StartsWith("table.", StringComparison.Ordinal)
        || System.IO.Path.GetFileName(file).StartsWith("sort.", StringComparison.Ordinal));

    private static void CreatePrivate(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The index is damaged; it was moved to '{Aside}' and is made anew from the chunk files.")]
    private static partial void LogMovedAside(ILogger logger, Exception damage, string aside);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The index '{Path}' is in use by {Holder}; what is shown is its last checkpoint, of {At}Z, {Age} s ago.")]
    private static partial void LogLooking(ILogger logger, string path, string holder, string at, string age);
}
