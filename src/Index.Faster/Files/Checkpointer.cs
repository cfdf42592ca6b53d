using System.IO.Hashing;

namespace ZarrCache.Index.Faster;

/// <summary>
/// Makes checkpoints, one at a time: the hash table if the log has grown much since it was saved last, what is not on disk of
/// the log, then, with everybody kept out for some milliseconds, the last of it together with the totals; then all is made
/// durable, and one file that names it is renamed into its place.
/// </summary>
internal sealed class Checkpointer
{
    /// <summary>So much of the log is replayed at most when the index is opened after a crash, less than a second; or half of what is kept in memory, if that is more.</summary>
    private readonly long _maxReplay;

    private readonly string _directory;
    private readonly LogStore _log;
    private readonly IndexState _state;
    private readonly TimeProvider _time;

    // Held for a checkpoint; nobody who holds a key asks for one.
    private readonly Lock _lock = new();
    private Checkpoint _last;
    private bool _closed;

    public Checkpointer(string directory, LogStore log, IndexState state, FasterStoreIndexOptions options, Checkpoint last)
    {
        (_directory, _log, _state, _time, _last) = (directory, log, state, options.TimeProvider, last);
        _maxReplay = Math.Max(256L << 20, options.LogMemoryBytes / 2);
        Condition = last.Condition;
    }

    /// <summary>What a next user finds, if this one closes.</summary>
    public IndexCondition Condition { get; set; }

    /// <summary>Whether the log has changed much since the last one: dead records wait for one before their files go, and live ones to be safe.</summary>
    public bool IsDue => _log.Log.TailAddress - Volatile.Read(ref _last).Log.End > _maxReplay || _log.Log.BeginAddress - Volatile.Read(ref _last).Log.Begin > _maxReplay / 4;

    /// <summary>Makes one. With <paramref name="close"/> nobody enters the log any more, and the next user finds that nothing is missing.</summary>
    /// <exception cref="ZarrCacheException">A file could not be written; the last checkpoint is still there.</exception>
    public void Make(bool close)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(FasterStoreIndex));
            _closed = close;
            _log.ThrowIfBroken();
            try
            {
                Checkpoint last = _last;
                long begin = _log.Log.BeginAddress;
                bool withTable = close || _log.Log.TailAddress - last.Log.End > _maxReplay || _log.Tokens.TableToken == Guid.Empty;
                if (withTable)
                {
                    _log.SaveTable();
                }

                _log.Flush();
                Checkpoint made = Cut(begin, close);
                _log.Persist(last.Log.End, made.Log.End);
                made = made with { Table = withTable ? HashOf(made.TableToken) : last.Table };
                CheckpointFile.Write(_directory, made);
                Volatile.Write(ref _last, made);
                _log.DropFilesUntil(made.Log.Begin);
                if (withTable && last.TableToken != Guid.Empty)
                {
                    File.Delete(CheckpointTokens.TablePath(_directory, last.TableToken));
                }
            }
            catch (ZarrCacheException)
            {
                ForgetTable();
                throw;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FASTER.core.FasterException)
            {
                ForgetTable();
                throw new ZarrCacheException($"A checkpoint of the index '{_directory}' could not be written: {e.Message}", e);
            }
        }
    }

    /// <summary>After a checkpoint that failed: its hash table, if it had one, belongs to none, and the next checkpoint must not name it.</summary>
    private void ForgetTable()
    {
        Guid made = _log.Tokens.TableToken;
        if (made == _last.TableToken)
        {
            return;
        }

        (_log.Tokens.TableToken, _log.Tokens.TableMetadata) = (_last.TableToken, _last.TableMetadata);
        try
        {
            File.Delete(CheckpointTokens.TablePath(_directory, made));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // what is left of it goes when the index is opened next; why the checkpoint failed is what is told
        }
    }

    private Checkpoint Cut(long begin, bool close)
    {
        using AllKeysScope all = _log.EnterAll();
        long end = _log.FoldOver(all.Session);
        if (close)
        {
            _log.Close();
        }

        return new Checkpoint
        {
            At = _time.GetUtcNow(),
            Closed = close,
            Condition = Condition,
            Clock = _state.Clock.Value,
            Log = (begin, end, _log.LiveBytes),
            PageBytes = _log.PageBytes,
            LogToken = _log.Tokens.LogToken,
            LogMetadata = _log.Tokens.LogMetadata,
            TableToken = _log.Tokens.TableToken,
            TableMetadata = _log.Tokens.TableMetadata,
            Table = default,
            TableBytes = _log.TableBytes,
            Policy = _state.Policy.Name,
            PolicyState = _state.SavePolicy(),
            Pins = _state.Pins.ToList(),
            Stores = [.. _state.Stores.Ids.ToArray().Select((id, number) => (id, _log.TotalsOf(number)))],
        };
    }

    private (long Length, ulong Hash) HashOf(Guid table)
    {
        using FileStream file = File.OpenRead(CheckpointTokens.TablePath(_directory, table));
        return (file.Length, HashOf(file));
    }

    public static ulong HashOf(Stream file)
    {
        var hash = new XxHash3();
        hash.Append(file);
        return hash.GetCurrentHashAsUInt64();
    }
}
