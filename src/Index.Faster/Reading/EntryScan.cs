using System.Text;

namespace ZarrCache.Index.Faster;

/// <summary>
/// The entries of the log that a query selects, page by page, in the order of the log: each record of it is looked at once,
/// and is an entry if it is the newest of its key. A consumer may take its time: nothing is held between pages.
/// </summary>
/// <remarks>An entry that is marked at the same moment may have some of its numbers from before and some from after.</remarks>
internal sealed class EntryScan : IDisposable
{
    /// <summary>Of pages in memory only so many at a time, so that entries that a consumer does not keep die young.</summary>
    private const int MemoryBatch = 512;

    private readonly LogStore _log;
    private readonly EntryRecords _records;
    private readonly ActiveScans.Scan _scan;
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

        _given.Clear();
        int most = _scan.Position >= _log.Log.HeadAddress ? MemoryBatch : int.MaxValue;
        long next = _log.Scan(
            _scan.Position,
            Math.Min(_scan.End, _log.PageEnd(_scan.Position)),
            (address, key, value) =>
            {
                if (Selects(key, value) && IsNewest(key, address))
                {
                    entries.Add(_records.Read(key, value));
                    _given.Add(address);
                }

                return _given.Count < most;
            },
            ct);
        _scan.Advance(next, _given);
        return true;
    }

    public void Dispose() => _scan.Dispose();

    private bool Selects(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        RecordKey.IsEntry(key)
        && (_store is null || RecordKey.StoreOf(key) == _store)
        && (_prefix.Length == 0 || RecordKey.TextOf(key).StartsWith(_prefix))
        && (_kind is null || EntryLayout.KindOf(value) == _kind);

    private bool IsNewest(ReadOnlySpan<byte> key, long address)
    {
        if (address >= _log.Log.ReadOnlyAddress)
        {
            return true; // what replaces a record that can still be written in place marks it, and a scan passes over it
        }

        using KeyScope scope = _log.Enter(RecordKey.PrefixOf(key));
        return scope.Session.IsNewest(key, address);
    }

    private void ReadMissed(List<IndexEntry> entries)
    {
        foreach (byte[] key in _scan.Missed.Values)
        {
            using KeyScope scope = _log.Enter(RecordKey.PrefixOf(key));
            if (scope.Session.Read(key) && Selects(key, scope.Session.Found))
            {
                entries.Add(_records.Read(key, scope.Session.Found));
            }
        }
    }
}
