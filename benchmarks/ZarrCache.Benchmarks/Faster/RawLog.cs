using FASTER.core;
using ZarrCache.Index.Faster;

namespace ZarrCache.Benchmarks.Faster;

/// <summary>FasterKV of the same settings, comparer and bytes, with nothing around it: no totals, no policy, no locks, no check sums, no checkpoints.</summary>
internal sealed unsafe class RawLog : IDisposable
{
    private readonly IDevice _device;
    private readonly FasterKV<SpanByte, SpanByte> _store;
    private readonly ClientSession<SpanByte, SpanByte, RecordInput, RecordOutput, Empty, RecordFunctions> _session;
    private readonly bool _owns = true;
    private RecordOutput _output = new();

    /// <summary>Another session on the same store, for another thread.</summary>
    public RawLog(RawLog first)
    {
        (_device, _store, _owns) = (first._device, first._store, false);
        _session = NewSession();
    }

    public RawLog(string directory, long memory, long tableBytes)
    {
        Directory.CreateDirectory(directory);
        _device = Devices.CreateLogDevice(Path.Combine(directory, "raw.log"));
        _store = new FasterKV<SpanByte, SpanByte>(new FasterKVSettings<SpanByte, SpanByte>
        {
            IndexSize = tableBytes,
            LogDevice = _device,
            PageSize = 1 << 20,
            SegmentSize = 32 << 20,
            MemorySize = memory,
            ConcurrencyControlMode = ConcurrencyControlMode.None,
            CheckpointDir = directory,
            EqualityComparer = new RecordKeyComparer(),
        });
        _session = NewSession();
    }

    /// <summary>Writes the key and the value of a record as the index does.</summary>
    public static (int Key, int Value) Format(IndexEntry entry, Span<byte> key, Span<byte> value) => (FormatKey(entry.EntryKey, key), EntryLayout.Write(value, entry, 1));

    /// <summary>Writes the key alone.</summary>
    public static int FormatKey(EntryKey entry, Span<byte> key) => RecordKey.WriteSuffix(key, RecordKey.WritePrefix(key, 0, entry.Key), RecordKey.Whole, 0);

    public void ReadThenUpsert(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        fixed (byte* k = key)
        {
            fixed (byte* v = value)
            {
                SpanByte place = SpanByte.FromPointer(k, key.Length);
                SpanByte source = SpanByte.FromPointer(v, value.Length);
                var read = new RecordInput(RecordOperation.Read);
                if (_session.Read(ref place, ref read, ref _output).IsPending)
                {
                    _session.CompletePending(wait: true);
                }

                var write = new RecordInput(RecordOperation.Write);
                _session.Upsert(ref place, ref write, ref source, ref _output);
            }
        }
    }

    public void Mark(ReadOnlySpan<byte> key, long clock)
    {
        fixed (byte* k = key)
        {
            SpanByte place = SpanByte.FromPointer(k, key.Length);
            var mark = new RecordInput(RecordOperation.MarkToClock, clock, clock);
            if (_session.RMW(ref place, ref mark, ref _output).IsPending)
            {
                _session.CompletePending(wait: true);
            }
        }
    }

    public bool Read(ReadOnlySpan<byte> key)
    {
        fixed (byte* k = key)
        {
            SpanByte place = SpanByte.FromPointer(k, key.Length);
            var read = new RecordInput(RecordOperation.Read);
            Status status = _session.Read(ref place, ref read, ref _output);
            if (status.IsPending)
            {
                _session.CompletePendingWithOutputs(out CompletedOutputIterator<SpanByte, SpanByte, RecordInput, RecordOutput, Empty> outputs, wait: true);
                while (outputs.Next())
                {
                    status = outputs.Current.Status;
                }

                outputs.Dispose();
            }

            return status.Found;
        }
    }

    public void Delete(ReadOnlySpan<byte> key)
    {
        fixed (byte* k = key)
        {
            SpanByte place = SpanByte.FromPointer(k, key.Length);
            if (_session.Delete(ref place).IsPending)
            {
                _session.CompletePending(wait: true);
            }
        }
    }

    /// <summary>Begins a read; with <see cref="Complete"/> many are under way at once.</summary>
    public void BeginRead(ReadOnlySpan<byte> key)
    {
        fixed (byte* k = key)
        {
            SpanByte place = SpanByte.FromPointer(k, key.Length);
            var read = new RecordInput(RecordOperation.Read);
            _session.Read(ref place, ref read, ref _output);
        }
    }

    public void Complete() => _session.CompletePending(wait: true);

    /// <summary>Scans the log, at most so many records of it, and makes the texts of each.</summary>
    /// <returns>How many records.</returns>
    public long ScanTexts(long limit)
    {
        long characters = 0;
        long records = 0;
        using IFasterScanIterator<SpanByte, SpanByte> scan = _store.Log.Scan(_store.Log.BeginAddress, _store.Log.TailAddress);
        while (records < limit && scan.GetNext(out RecordInfo info))
        {
            if (info.Tombstone)
            {
                continue;
            }

            records++;
            ReadOnlySpan<byte> value = scan.GetValue().AsReadOnlySpan();
            characters += System.Text.Encoding.UTF8.GetString(RecordKey.TextOf(scan.GetKey().AsReadOnlySpan())).Length;
            characters += System.Text.Encoding.UTF8.GetString(value.Slice(value.Length - 26, 18)).Length; // the ETag
        }

        return characters > records ? records : 0;
    }

    public void Dispose()
    {
        _session.Dispose();
        if (_owns)
        {
            _store.Dispose();
            _device.Dispose();
        }
    }

    private ClientSession<SpanByte, SpanByte, RecordInput, RecordOutput, Empty, RecordFunctions> NewSession() =>
        _store.For(new RecordFunctions()).NewSession<RecordFunctions>(
            sessionVariableLengthStructSettings: new SessionVariableLengthStructSettings<SpanByte, RecordInput> { valueLength = new RecordLength() });
}
