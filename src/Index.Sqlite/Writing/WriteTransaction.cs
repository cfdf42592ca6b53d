using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ZarrCache.Index.Sqlite;

/// <summary>
/// A write transaction and what it has in hand until it is committed: changes of the totals, the clock, stores that are
/// new, entries that must be forgotten, accesses that were taken to be written. One object, used again and again by
/// the one thread that writes.
/// </summary>
internal sealed class WriteTransaction : IDisposable
{
    /// <summary>SQLite sleeps 1, 2 and 5 ms in so much time: a short wait, repeated, finds the gap that a busy writer leaves; its own long one does not.</summary>
    private static readonly TimeSpan LockSlice = TimeSpan.FromMilliseconds(8);

    private readonly LogicalClock _clock;
    private readonly StoreNames _names;
    private readonly RememberedEntries _remembered;
    private readonly TimeSpan _busyTimeout;

    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _readClock;
    private readonly Statement _addToStore;
    private readonly Statement _addToState;

    private readonly MarkWriter _markWriter;
    private readonly Dictionary<long, IndexTotals> _deltas = [];
    private readonly Dictionary<string, long> _newStores = new(StringComparer.Ordinal);
    private readonly List<EntryKey> _touched = [];
    private readonly List<Dictionary<EntryKey, PendingMark>> _takenMarks = [];
    private bool _touchedAll;
    private long _clockAtBegin;

    public WriteTransaction(IndexConnection connection, LogicalClock clock, StoreNames names, RememberedEntries remembered, PendingMarks marks, EvictionPolicy policy, TimeSpan busyTimeout)
    {
        Connection = connection;
        Entries = new EntryTable(connection);
        _markWriter = new MarkWriter(this);
        Marks = marks;
        Policy = policy;
        _clock = clock;
        _names = names;
        _remembered = remembered;
        _busyTimeout = busyTimeout;
        _begin = connection.Prepare("BEGIN IMMEDIATE");
        _commit = connection.Prepare("COMMIT");
        _readClock = connection.Prepare("SELECT clock FROM state");
        _addToStore = connection.Prepare("UPDATE stores SET count = count + ?2, bytes = bytes + ?3, allocated_bytes = allocated_bytes + ?4, absent_count = absent_count + ?5 WHERE id = ?1");
        _addToState = connection.Prepare("UPDATE state SET clock = max(clock, ?1), count = count + ?2, bytes = bytes + ?3, allocated_bytes = allocated_bytes + ?4, absent_count = absent_count + ?5");
        clock.AdvanceTo(ReadClock());
    }

    public IndexConnection Connection { get; }

    public EntryTable Entries { get; }

    public PendingMarks Marks { get; }

    public EvictionPolicy Policy { get; }

    public void Dispose() => Connection.Dispose();

    /// <summary>Waits for the write lock, which another process may hold.</summary>
    /// <exception cref="ZarrCacheException">It held it longer than the busy time-out.</exception>
    public void Begin()
    {
        Connection.SetBusyTimeout(LockSlice);
        long start = Stopwatch.GetTimestamp();
        for (; ; )
        {
            try
            {
                _begin.Run();
                break;
            }
            catch (ZarrCacheException e) when (e.InnerException is SqliteException { SqliteErrorCode: raw.SQLITE_BUSY } && Stopwatch.GetElapsedTime(start) < _busyTimeout)
            {
                continue;
            }
        }

        _clockAtBegin = ReadClock();
        _clock.AdvanceTo(_clockAtBegin);
    }

    /// <summary>Writes the totals and the clock, commits, and makes the rest known.</summary>
    public void Commit()
    {
        WriteTotals();
        _commit.Run();
        foreach ((string name, long id) in _newStores)
        {
            _names.Add(name, id);
        }

        _remembered.Forget(_touched, _touchedAll);
        _takenMarks.ForEach(Marks.Recycle);
        Clear();
    }

    /// <summary>Takes everything back; does nothing if nothing is open.</summary>
    public void Rollback()
    {
        if (Connection.InTransaction)
        {
            Connection.Execute("ROLLBACK");
        }

        _takenMarks.ForEach(Marks.Return);
        Clear();
    }

    public long NextClock() => _clock.Next();

    /// <summary>Writes the accesses that wait; they are returned to where they came from if the transaction fails.</summary>
    public void FlushMarks()
    {
        if (Marks.Take() is { } taken)
        {
            _takenMarks.Add(taken);
            _markWriter.Write(taken);
        }
    }

    public long? FindStore(string name) =>
        _names.TryGetId(name, out long id) || _newStores.TryGetValue(name, out id) ? id : StoreNames.QueryId(name, Connection);

    public long FindOrAddStore(string name)
    {
        if (_names.TryGetId(name, out long known) || _newStores.TryGetValue(name, out known))
        {
            return known;
        }

        long id = StoreNames.QueryId(name, Connection) ?? InsertStore(name);
        _newStores.Add(name, id);
        return id;
    }

    /// <summary>Counts a change of a store's totals; written once, when the transaction is committed.</summary>
    public void Add(long store, IndexTotals delta)
    {
        ref IndexTotals sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_deltas, store, out _);
        sum += delta;
    }

    /// <summary>Keeps the books of an entry that was removed or replaced. Returns it with the accesses that were not written yet.</summary>
    public IndexEntry Removed(long store, IndexEntry entry)
    {
        EntryKey key = entry.EntryKey;
        Add(store, default(IndexTotals) - IndexTotals.Of(entry));
        Touch(key);
        return Marks.TryTake(key, out PendingMark mark) ? mark.ApplyTo(entry, Policy) : entry;
    }

    /// <summary>An entry that was changed, removed or looked for in vain must not be remembered any longer.</summary>
    public void Touch(EntryKey key) => _touched.Add(key);

    public void TouchAll() => _touchedAll = true;

    private long InsertStore(string name)
    {
        Statement insert = Connection.Prepare("INSERT INTO stores (name) VALUES (?1) RETURNING id");
        insert.BindText(1, name);
        insert.Step();
        long id = insert.Int64(0);
        insert.Run();
        return id;
    }

    private long ReadClock()
    {
        _readClock.Step();
        long clock = _readClock.Int64(0);
        _readClock.Reset();
        return clock;
    }

    private void WriteTotals()
    {
        IndexTotals sum = default;
        foreach ((long store, IndexTotals delta) in _deltas)
        {
            if (delta != default)
            {
                _addToStore.Bind(1, store);
                BindTotals(_addToStore, delta);
                _addToStore.Run();
                sum += delta;
            }
        }

        long clock = _clock.Value;
        if (sum != default || clock > _clockAtBegin)
        {
            _addToState.Bind(1, clock);
            BindTotals(_addToState, sum);
            _addToState.Run();
        }
    }

    private static void BindTotals(Statement statement, IndexTotals totals)
    {
        statement.Bind(2, totals.Count);
        statement.Bind(3, totals.Bytes);
        statement.Bind(4, totals.AllocatedBytes);
        statement.Bind(5, totals.AbsentCount);
    }

    private void Clear()
    {
        _deltas.Clear();
        _newStores.Clear();
        _touched.Clear();
        _touchedAll = false;
        _takenMarks.Clear();
    }
}
