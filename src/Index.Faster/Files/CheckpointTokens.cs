using FASTER.core;

namespace ZarrCache.Index.Faster;

/// <summary>
/// What FASTER asks a manager of checkpoints for, kept in memory until <see cref="CheckpointFile"/> writes it: one file,
/// replaced whole, names all that belongs together, so that there is never a checkpoint of which one part is missing.
/// </summary>
internal sealed class CheckpointTokens(string directory) : ICheckpointManager
{
    private TableDevice? _table;

    public Guid TableToken { get; set; }

    /// <summary>Why the last hash table could not be written or read; null if it could.</summary>
    public ZarrCacheException? TableFault => _table?.Fault;

    public byte[] TableMetadata { get; set; } = [];

    public Guid LogToken { get; set; }

    public byte[] LogMetadata { get; set; } = [];

    /// <summary>Where the hash table of a checkpoint lies.</summary>
    public static string TablePath(string directory, Guid token) => Path.Combine(directory, $"table.{token:N}");

    public void CommitIndexCheckpoint(Guid indexToken, byte[] commitMetadata) => (TableToken, TableMetadata) = (indexToken, commitMetadata);

    public void CommitLogCheckpoint(Guid logToken, byte[] commitMetadata) => (LogToken, LogMetadata) = (logToken, commitMetadata);

    public byte[]? GetIndexCheckpointMetadata(Guid indexToken) => indexToken == TableToken ? TableMetadata : null;

    public byte[]? GetLogCheckpointMetadata(Guid logToken, DeltaLog deltaLog, bool scanDelta = false, long recoverTo = -1) => logToken == LogToken ? LogMetadata : null;

    public IDevice GetIndexDevice(Guid indexToken) => _table = new TableDevice(TablePath(directory, indexToken));

    public IEnumerable<Guid> GetIndexCheckpointTokens() => [TableToken];

    public IEnumerable<Guid> GetLogCheckpointTokens() => [LogToken];

    public void InitializeIndexCheckpoint(Guid indexToken)
    {
    }

    public void InitializeLogCheckpoint(Guid logToken)
    {
    }

    public void CheckpointVersionShift(long oldVersion, long newVersion)
    {
    }

    public void OnRecovery(Guid indexToken, Guid logToken)
    {
    }

    public void Purge(Guid token)
    {
    }

    public void PurgeAll()
    {
    }

    public void Dispose()
    {
    }

    // Of snapshots and increments there are none: every checkpoint folds over.
    public void CommitLogIncrementalCheckpoint(Guid logToken, long version, byte[] commitMetadata, DeltaLog deltaLog) => throw new NotSupportedException();

    public IDevice GetSnapshotLogDevice(Guid token) => throw new NotSupportedException();

    public IDevice GetSnapshotObjectLogDevice(Guid token) => throw new NotSupportedException();

    public IDevice? GetDeltaLogDevice(Guid token) => null;
}
