using System.Text;

namespace ZarrCache.Index.Faster;

/// <summary>
/// The entries of the log that a query selects, batch by batch, in the order of the log: each record of it is looked at once,
/// and is an entry if it is the newest of its key. A consumer may take its time: nothing is held between batches.
/// </summary>
internal sealed class EntryScan : IDisposable
{
    private const int BatchSize = 256;

    private readonly LogStore _log;
    private readonly EntryRecords _records;
    private readonly ActiveScans.Scan _scan;
    private readonly RecordBatch _batch = new();
    private readonly List<long> _given = [];
    private readonly byte[] _prefix;
    private readonly int? _store;
    private readonly EntryKind? _kind;
    private bool _done;

    public EntryScan(LogStore log, IndexState state, EntryRecords records, ActiveScans scans, IndexQuery query)
    {
        (_log, _records, _kind) = (log, records, query.Kind);
        _prefix = Encoding.UTF8.GetBytes(query.Prefix ?? "");
        _store = query.StoreId is null ? null : state.Stores.Find(query.StoreId) ?? RecordKey.Filler;
        _scan = scans.Begin(log.Log.BeginAddress, log.WholeUntil());
    }

    /// <summary>Adds the next entries; false if there are no more.</summary>
    public bool Read(List<IndexEntry> entries, CancellationToken ct)
    {
        if (_done)
        {
            return false;
        }

        if (_scan.Position >= _scan.End || _store == RecordKey.Filler)
        {
            _done = true;
            ReadMissed(entries);
            return true;
        }

        _batch.Clear();
        _given.Clear();
        long immutable = _log.ImmutableUntil;
        long next = _log.Scan(_scan.Position, _scan.End, Collect, ct);
        using (SlotScope scope = _log.Enter())
        {
            for (int i = 0; i < _batch.Count; i++)
            {
                if (Read(scope.Slot, _batch.KeyOf(i), _batch.ValueOf(i), _batch.AddressOf(i), immutable) is { } entry)
                {
                    entries.Add(entry);
                    _given.Add(_batch.AddressOf(i));
                }
            }
        }

        _scan.Advance(next, _given);
        return true;
    }

    public void Dispose() => _scan.Dispose();

    private bool Collect(long address, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (Selects(key) && (_kind is null || EntryLayout.KindOf(value) == _kind))
        {
            _batch.Add(address, key, value);
        }

        return _batch.Count < BatchSize;
    }

    private bool Selects(ReadOnlySpan<byte> key) =>
        RecordKey.IsEntry(key)
        && (_store is null || RecordKey.StoreOf(key) == _store)
        && (_prefix.Length == 0 || RecordKey.TextOf(key).StartsWith(_prefix));

    private IndexEntry? Read(LogSlot slot, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long address, long immutable)
    {
        if (address < immutable)
        {
            return slot.IsNewest(key, address) ? _records.Read(key, value) : null;
        }

        using (_log.Keys.Enter(RecordKey.PrefixOf(key)))
        {
            return slot.IsNewest(key, address) && slot.Read(key) ? _records.Read(key, slot.Found) : null;
        }
    }

    private void ReadMissed(List<IndexEntry> entries)
    {
        foreach (byte[] key in _scan.Missed.Values)
        {
            using SlotScope scope = _log.Enter();
            using (_log.Keys.Enter(RecordKey.PrefixOf(key)))
            {
                if (Selects(key) && scope.Slot.Read(key) && (_kind is null || EntryLayout.KindOf(scope.Slot.Found) == _kind))
                {
                    entries.Add(_records.Read(key, scope.Slot.Found));
                }
            }
        }
    }
}
