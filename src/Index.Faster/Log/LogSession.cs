using System.Runtime.CompilerServices;
using FASTER.core;
using Session = FASTER.core.ClientSession<FASTER.core.SpanByte, FASTER.core.SpanByte, ZarrCache.Index.Faster.RecordInput, ZarrCache.Index.Faster.RecordOutput, FASTER.core.Empty, ZarrCache.Index.Faster.RecordFunctions>;

namespace ZarrCache.Index.Faster;

/// <summary>
/// A session of FASTER to work on the log with, its buffers, and what was added to the totals by it. Used by one thread at a time,
/// which has it from <see cref="LogSessions.Enter"/>.
/// </summary>
internal sealed unsafe class LogSession(Session faster, LogStore log) : IDisposable
{
    private byte[] _value = GC.AllocateUninitializedArray<byte>(1024, pinned: true);
    private IndexTotals[] _totals = new IndexTotals[4];
    private RecordOutput _output = new();
    private long _liveBytes;
    private int _taken;

    /// <summary>Room for a key.</summary>
    public byte[] Key { get; } = GC.AllocateUninitializedArray<byte>(RecordKey.MaxSize, pinned: true);

    /// <summary>The value that <see cref="Read"/> found last.</summary>
    public ReadOnlySpan<byte> Found => _output.Value;

    /// <summary>Where that lies.</summary>
    public long FoundAt => _output.Address;

    /// <summary>What it added to the bytes of live records, or took away. Exact in the sum of all sessions.</summary>
    public long LiveBytes => Volatile.Read(ref _liveBytes);

    /// <summary>Takes it for the caller alone, if nobody has it.</summary>
    public bool TryTake() => Volatile.Read(ref _taken) == 0 && Interlocked.Exchange(ref _taken, 1) == 0;

    /// <summary>What was done with it is seen by whoever takes it next.</summary>
    public void Return() => Volatile.Write(ref _taken, 0);

    /// <summary>What it added to a store, or took away. Exact in the sum of all sessions.</summary>
    public IndexTotals TotalsOf(int store)
    {
        IndexTotals[] totals = Volatile.Read(ref _totals);
        return store < totals.Length ? totals[store] : default;
    }

    public void Count(int store, IndexTotals change)
    {
        if (store >= _totals.Length)
        {
            IndexTotals[] larger = new IndexTotals[Math.Max(store + 1, _totals.Length * 2)];
            _totals.CopyTo(larger, 0);
            Volatile.Write(ref _totals, larger);
        }

        _totals[store] += change;
    }

    public void CountBytes(long change) => _liveBytes += change;

    /// <summary>Room for a value of so many bytes.</summary>
    public Span<byte> ValueBuffer(int bytes)
    {
        if (_value.Length < bytes)
        {
            _value = GC.AllocateUninitializedArray<byte>(Math.Max(bytes, _value.Length * 2), pinned: true);
        }

        return _value;
    }

    /// <summary>Whether there is a record; its value is then in <see cref="Found"/>.</summary>
    public bool Read(ReadOnlySpan<byte> key)
    {
        fixed (byte* at = key)
        {
            SpanByte place = SpanByte.FromPointer(at, key.Length);
            var input = new RecordInput(RecordOperation.Read);
            Status status = faster.Read(ref place, ref input, ref _output);
            return (status.IsPending ? Complete(out _) : status).Found;
        }
    }

    /// <summary>Whether the record at an address is the newest of its key: no record of it comes later, nor a tombstone. Reads no disk unless a later one lies there, or another key's with the same hash tag.</summary>
    public bool IsNewest(ReadOnlySpan<byte> key, long address)
    {
        fixed (byte* at = key)
        {
            SpanByte place = SpanByte.FromPointer(at, key.Length);
            if (address >= log.Log.HeadAddress)
            {
                return Locate(ref place) == address;
            }

            // Of a record on disk it is asked whether there is one above it: if not, nothing of it need be read.
            var input = new RecordInput(RecordOperation.Probe);
            FASTER.core.ReadOptions options = default;
            StopAddress(ref options) = address + 1;
            Status status = faster.Read(ref place, ref input, ref _output, ref options, out RecordMetadata found);
            if (!status.IsPending)
            {
                return !status.Found && !found.RecordInfo.Tombstone;
            }

            // Something lies above it on disk: a later one, its tombstone, or another key's.
            return !Complete(out _).Found && Locate(ref place) == address;
        }
    }

    /// <summary>Writes a record. Returns where it lies.</summary>
    /// <exception cref="ZarrCacheException">It does not fit into a page.</exception>
    public long Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, RecordOperation operation)
    {
        log.RequireFits(key.Length, value.Length);
        fixed (byte* at = key)
        {
            fixed (byte* bytes = value)
            {
                SpanByte place = SpanByte.FromPointer(at, key.Length);
                SpanByte source = SpanByte.FromPointer(bytes, value.Length);
                var input = new RecordInput(operation);
                if (faster.Upsert(ref place, ref input, ref source, ref _output, out RecordMetadata written).IsPending)
                {
                    Complete(out written);
                }

                return written.Address;
            }
        }
    }

    /// <summary>Writes an entry's record at the end of the log. Whether it replaces one, whose value is then in <see cref="Found"/>.</summary>
    /// <exception cref="ZarrCacheException">It does not fit into a page.</exception>
    public bool Push(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        log.RequireFits(key.Length, value.Length);
        _output.Clear();
        fixed (byte* at = key)
        {
            fixed (byte* bytes = value)
            {
                SpanByte place = SpanByte.FromPointer(at, key.Length);
                var input = new RecordInput(RecordOperation.Push, Source: (nint)bytes, Length: value.Length);
                if (faster.RMW(ref place, ref input, ref _output).IsPending)
                {
                    Complete(out _);
                }
            }
        }

        return !_output.Value.IsEmpty;
    }

    /// <summary>Changes a record; false if there is none.</summary>
    public bool Change(ReadOnlySpan<byte> key, RecordInput input)
    {
        fixed (byte* at = key)
        {
            SpanByte place = SpanByte.FromPointer(at, key.Length);
            Status status = faster.RMW(ref place, ref input, ref _output);
            return (status.IsPending ? Complete(out _) : status).Found;
        }
    }

    /// <summary>Removes a record.</summary>
    public void Delete(ReadOnlySpan<byte> key)
    {
        fixed (byte* at = key)
        {
            SpanByte place = SpanByte.FromPointer(at, key.Length);
            if (faster.Delete(ref place).IsPending)
            {
                Complete(out _);
            }
        }
    }

    public void Dispose() => faster.Dispose();

    /// <summary>Where the record of a key lies; -1 if there is none.</summary>
    private long Locate(ref SpanByte place)
    {
        var input = new RecordInput(RecordOperation.Probe);
        Status status = faster.Read(ref place, ref input, ref _output);
        return (status.IsPending ? Complete(out _) : status).Found ? _output.Address : -1;
    }

    /// <summary>
    /// The address below which a read does not search. FASTER 2.6 has it and uses it for its own compaction, but keeps its setter
    /// to itself; without it every such question about a record on disk would read the disk.
    /// </summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<StopAddress>k__BackingField")]
    private static extern ref long StopAddress(ref FASTER.core.ReadOptions options);

    /// <summary>Waits for the disk.</summary>
    private Status Complete(out RecordMetadata metadata)
    {
        int faults = log.ReadFaults;
        faster.CompletePendingWithOutputs(out CompletedOutputIterator<SpanByte, SpanByte, RecordInput, RecordOutput, Empty> outputs, wait: true);
        Status status = default;
        metadata = default;
        while (outputs.Next())
        {
            (status, metadata) = (outputs.Current.Status, outputs.Current.RecordMetadata);
        }

        outputs.Dispose();
        log.ThrowIfMoreFaults(faults);
        return status;
    }
}
