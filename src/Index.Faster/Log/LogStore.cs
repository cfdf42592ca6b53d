using System.Numerics;
using FASTER.core;

namespace ZarrCache.Index.Faster;

/// <summary>A record that a scan of the log has met; its bytes are there until the next.</summary>
internal delegate bool LogVisitor(long address, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

/// <summary>
/// The log of records and its hash table: FASTER, its files, and the sessions through which all of it is used.
/// </summary>
/// <remarks>
/// <para>
/// Locks, in the order in which they are taken: that of the evictions (<see cref="Evictions"/>), a key's and a session's
/// (<see cref="LogSessions"/>), the policy's.
/// </para>
/// <para>
/// A checkpoint is made with all keys held, so that its totals and its entries are of one moment; what it has to write
/// is written before, so that it takes milliseconds. A filler brings the end of the log to the end of a block first:
/// what a checkpoint covers is then never written again, and its check sums hold for good.
/// </para>
/// </remarks>
internal sealed class LogStore : IDisposable
{
    private const double MutableFraction = 0.9;
    private const int BucketBytes = 64;
    private const int LeastTableBytes = 1 << 16;
    private const double KeysPerBucket = 5.5;
    private const int RecordInfoBytes = 8;

    /// <summary>By which the number of records is guessed, parts' directories included.</summary>
    private const int TypicalRecordBytes = 192;

    private readonly FasterKV<SpanByte, SpanByte> _store;
    private readonly ChecksummedLogDevice _device;
    private readonly LogSessions _sessions;
    private readonly int _pageBytes;
    private int _scanning;

    public LogStore(string directory, FasterStoreIndexOptions options, Checkpoint? checkpoint, bool readOnly)
    {
        _pageBytes = checkpoint?.PageBytes ?? options.PageBytes;
        Tokens = new CheckpointTokens(directory);
        _device = new ChecksummedLogDevice(Path.Combine(directory, "log"), readOnly, options.TimeProvider);
        var functions = new RecordFunctions();
        try
        {
            _store = new FasterKV<SpanByte, SpanByte>(new FasterKVSettings<SpanByte, SpanByte>
            {
                IndexSize = checkpoint?.TableBytes ?? TableBytesFor(options.ExpectedKeys),
                LogDevice = _device,
                PageSize = _pageBytes,
                SegmentSize = ChecksummedLogDevice.SegmentBytes,
                MemorySize = Math.Max(options.LogMemoryBytes, 4L * _pageBytes),
                MutableFraction = MutableFraction,
                ConcurrencyControlMode = ConcurrencyControlMode.None, // a key has its lock
                CheckpointManager = Tokens,
                RemoveOutdatedCheckpoints = false,
                EqualityComparer = new RecordKeyComparer(),
            });
            if (checkpoint is not null && checkpoint.LogToken != Guid.Empty)
            {
                Recover(checkpoint);
            }
        }
        catch
        {
            _store?.Dispose();
            _device.Dispose();
            throw;
        }

        var lengths = new SessionVariableLengthStructSettings<SpanByte, RecordInput> { valueLength = new RecordLength() };
        _sessions = new LogSessions(() =>
            new LogSession(_store.For(functions).NewSession<RecordFunctions>(sessionVariableLengthStructSettings: lengths), this));
    }

    public CheckpointTokens Tokens { get; }

    public LogAccessor<SpanByte, SpanByte> Log => _store.Log;

    public int PageBytes => _pageBytes;

    /// <summary>The bytes of the hash table, without its overflow.</summary>
    public long TableBytes => _store.IndexSize * BucketBytes;

    /// <summary>How often a read met damage, or failed.</summary>
    public int ReadFaults => _device.ReadFaults;

    /// <summary>The bytes of the records that are neither removed nor replaced.</summary>
    public long LiveBytes => _sessions.LiveBytes;

    /// <summary>The bytes of the log, dead records included.</summary>
    public long Bytes => Log.TailAddress - Log.BeginAddress;

    /// <summary>The end of the page that an address lies in.</summary>
    public long PageEnd(long address) => ((address / _pageBytes) + 1) * _pageBytes;

    /// <summary>What a record takes up in the log.</summary>
    public static int SizeOf(int key, int value) => RecordInfoBytes + Align(sizeof(int) + key) + Align(sizeof(int) + value);

    /// <inheritdoc cref="LogSessions.Enter"/>
    public KeyScope Enter(ReadOnlySpan<byte> prefix) => _sessions.Enter(prefix);

    /// <inheritdoc cref="LogSessions.EnterAll"/>
    public AllKeysScope EnterAll() => _sessions.EnterAll();

    /// <summary>The end of the log up to which every record is whole, which a scan must not go beyond. Not to be called with a key held.</summary>
    public long WholeUntil()
    {
        long tail = Log.TailAddress;
        _sessions.WaitForAll(); // who had the place for a record before has filled it then
        return tail;
    }

    /// <inheritdoc cref="LogSessions.TotalsOf"/>
    public IndexTotals TotalsOf(int store) => _sessions.TotalsOf(store);

    /// <summary>Visits the records in a range of the log, dead ones too, tombstones not, until the visitor has seen enough. Returns where to go on.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed of.</exception>
    public long Scan(long from, long to, LogVisitor visit, CancellationToken ct)
    {
        Interlocked.Increment(ref _scanning);
        try
        {
            ObjectDisposedException.ThrowIf(_sessions.IsClosed, typeof(FasterStoreIndex));
            return ScanOpen(from, to, visit, ct);
        }
        finally
        {
            Interlocked.Decrement(ref _scanning);
        }
    }

    private long ScanOpen(long from, long to, LogVisitor visit, CancellationToken ct)
    {
        from = Math.Max(from, Log.BeginAddress);
        for (bool more = true; more && from < to;)
        {
            ct.ThrowIfCancellationRequested();
            from = from < Log.HeadAddress
                ? DiskPage.Scan(_device, from, Math.Min(Math.Min(to, PageEnd(from)), Log.HeadAddress), _pageBytes, visit, out more)
                : ScanMemory(from, Math.Min(to, PageEnd(from)), visit, out more);
            ObjectDisposedException.ThrowIf(_sessions.IsClosed, typeof(FasterStoreIndex));
        }

        return from;
    }

    private long ScanMemory(long from, long to, LogVisitor visit, out bool more)
    {
        more = true;
        using IFasterScanIterator<SpanByte, SpanByte> records = Log.Scan(from, to, ScanBufferingMode.NoBuffering);
        try
        {
            while (records.GetNext(out RecordInfo info))
            {
                from = records.NextAddress;
                if (!info.Tombstone && !visit(records.CurrentAddress, records.GetKey().AsReadOnlySpan(), records.GetValue().AsReadOnlySpan()))
                {
                    more = false;
                    return from;
                }

                ObjectDisposedException.ThrowIf(_sessions.IsClosed, typeof(FasterStoreIndex));
            }

            return to;
        }
        catch (FasterException) when (from < Log.HeadAddress)
        {
            return from; // what was in memory when the scan began has gone to disk meanwhile: the rest is read from there
        }
    }

    /// <summary>
    /// Doubles the hash table if there are more records than it has room for, as long as all of the log is in memory: of what is on
    /// disk FASTER cannot tell where it belongs, and puts it into both halves. An index that is larger gets its table when it is opened.
    /// </summary>
    public void GrowIfFull()
    {
        while (IsFull(LiveBytes, TableBytes) && Log.HeadAddress <= Log.BeginAddress)
        {
            using AllKeysScope all = EnterAll();
            if (!_store.GrowIndex())
            {
                return; // a checkpoint is under way: the next one who looks grows it
            }
        }
    }

    /// <summary>Saves the hash table beside the work of others.</summary>
    public void SaveTable()
    {
        Wait(_store.TakeIndexCheckpointAsync());
        ThrowIfTableFailed();
    }

    /// <summary>Writes what is not on disk yet beside the work of others, so that little is left for <see cref="FoldOver"/>.</summary>
    public void Flush()
    {
        Log.Flush(wait: true);
        ThrowIfBroken();
    }

    /// <summary>Makes a checkpoint of the log. With all keys held. Returns the end of the log.</summary>
    public long FoldOver(LogSession session)
    {
        FillBlock(session);
        long end = Log.TailAddress;
        Wait(_store.TakeHybridLogCheckpointAsync(CheckpointType.FoldOver));
        ThrowIfBroken();
        return end;
    }

    /// <summary>Makes a part of the log durable, and its check sums.</summary>
    public void Persist(long begin, long end) => _device.Persist(begin, end);

    /// <summary>Gives up what lies before an address, in memory; the files go with <see cref="DropFilesUntil"/>.</summary>
    public void ShiftBegin(long address) => Log.ShiftBeginAddress(address);

    /// <summary>Removes the files that no checkpoint needs any more.</summary>
    public void DropFilesUntil(long address) => _device.DropUntil(address);

    /// <summary>Throws what reads met, if there were more than so many before.</summary>
    public void ThrowIfMoreFaults(int before)
    {
        if (ReadFaults != before)
        {
            Throw(_device.ReadFault!);
        }
    }

    /// <summary>Whether the log cannot be written at present.</summary>
    public bool IsBroken => _device.WriteFault is not null;

    /// <summary>Throws why the log cannot be written at present, if so. To be asked before each write that is not there to give something up.</summary>
    public void ThrowIfBroken()
    {
        if (_device.WriteFault is { } fault)
        {
            Throw(fault);
        }
    }

    /// <summary>Refuses a record that is larger than a page.</summary>
    public void RequireFits(int key, int value)
    {
        if (SizeOf(key, value) > _pageBytes)
        {
            throw new ZarrCacheException($"An entry of {SizeOf(key, value)} bytes does not fit into a page of the index, which has {_pageBytes} bytes. Make a new index with a larger {nameof(FasterStoreIndexOptions.PageBytes)}.");
        }
    }

    /// <summary>Nobody enters any more. With all keys held.</summary>
    public void Close() => _sessions.Close();

    /// <summary>Closes the files, when the scans that are under way have come to their next record.</summary>
    public void Dispose()
    {
        _sessions.Close();
        SpinWait.SpinUntil(() => Volatile.Read(ref _scanning) == 0);
        _sessions.Dispose();
        _store.Dispose();
        _device.Dispose();
    }

    /// <summary>A checkpoint as it is to be opened: if its hash table has become too small, with a larger one that is made from the log.</summary>
    public static Checkpoint WithRoom(Checkpoint checkpoint) => IsFull(checkpoint.Log.LiveBytes, 2 * checkpoint.TableBytes)
        ? checkpoint with { TableToken = Guid.Empty, TableMetadata = [], TableBytes = TableBytesFor(checkpoint.Log.LiveBytes / TypicalRecordBytes) }
        : checkpoint;

    private static bool IsFull(long liveBytes, long tableBytes) => liveBytes / TypicalRecordBytes > tableBytes / BucketBytes * KeysPerBucket;

    private static long TableBytesFor(long keys) =>
        (long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(LeastTableBytes, keys / KeysPerBucket * BucketBytes));

    /// <summary>Anew, so that its stack is the caller's.</summary>
    private static void Throw(ZarrCacheException fault) =>
        throw (fault is CacheFormatException ? new CacheFormatException(fault.Message, fault) : new ZarrCacheException(fault.Message, fault));

    private static int Align(int bytes) => (bytes + 7) & ~7;

    private void Recover(Checkpoint checkpoint)
    {
        _device.Open(checkpoint.Log.Begin, checkpoint.Log.End);
        (Tokens.LogToken, Tokens.LogMetadata) = (checkpoint.LogToken, checkpoint.LogMetadata);
        (Tokens.TableToken, Tokens.TableMetadata) = (checkpoint.TableToken, checkpoint.TableMetadata);
        _store.Recover(checkpoint.TableToken, checkpoint.LogToken);
        ThrowIfMoreFaults(0);
        ThrowIfTableFailed();
    }

    private void ThrowIfTableFailed()
    {
        if (Tokens.TableFault is { } fault)
        {
            Throw(fault);
        }
    }

    private void FillBlock(LogSession session)
    {
        int key = RecordKey.WriteSuffix(session.Key, RecordKey.WritePrefix(session.Key, RecordKey.Filler, ""), RecordKey.Whole, 0);
        int least = SizeOf(key, 4);

        // Twice if the first does not fit into its page and begins the next one.
        for (int i = 0; i < 3 && Log.TailAddress % ChecksummedLogDevice.BlockBytes != 0; i++)
        {
            int gap = ChecksummedLogDevice.BlockBytes - (int)(Log.TailAddress % ChecksummedLogDevice.BlockBytes);
            int size = gap < least ? gap + ChecksummedLogDevice.BlockBytes : gap;
            Span<byte> value = session.ValueBuffer(size)[..(4 + size - least)];
            value.Clear();
            session.Write(session.Key.AsSpan(0, key), value, RecordOperation.Append);
        }
    }

    private static void Wait<T>(ValueTask<(bool Success, T Token)> checkpoint)
    {
        if (!checkpoint.AsTask().GetAwaiter().GetResult().Success)
        {
            throw new ZarrCacheException("FASTER did not begin a checkpoint.");
        }
    }
}
