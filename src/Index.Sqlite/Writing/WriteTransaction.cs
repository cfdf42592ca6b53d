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
    /// <summary>What the policy remembers is written after so many changes, and when the index is flushed or closed: a crash costs it as many.</summary>
    private const int PolicyChangesToSave = 1024;

    /// <summary>SQLite sleeps 1, 2 and 5 ms in so much time: a short wait, repeated, finds the gap that a busy writer leaves; its own long one does not.</summary>
    private static readonly TimeSpan LockSlice = TimeSpan.FromMilliseconds(8);

    private readonly LogicalClock _clock;
    private readonly StoreNames _names;
    private readonly RememberedEntries _remembered;
    private readonly TimeSpan _busyTimeout;

    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _readState;
    private readonly Statement _addToStore;
    private readonly Statement _addToState;

    private readonly MarkWriter _markWriter;
    private readonly Dictionary<long, IndexTotals> _deltas = [];
    private readonly Dictionary<string, long> _newStores = new(StringComparer.Ordinal);
    private readonly List<EntryKey> _touched = [];
    private readonly List<Dictionary<EntryKey, PendingMark>> _takenMarks = [];
    private bool _touchedAll;
    private long _clockAtBegin;
    private long _savedChanges;
    private (long Changes, long Saves) _savedAtBegin;

    // how often others and this process changed the policy's state and the pins, as far as they were read
    private long _policySaves = -1;
    private long _pinChanges = -1;
    private bool _stateIsUncertain;

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
        _readState = connection.Prepare("SELECT clock, policy_saves, pin_changes FROM state");
        _addToStore = connection.Prepare("UPDATE stores SET count = count + ?2, bytes = bytes + ?3, allocated_bytes = allocated_bytes + ?4, absent_count = absent_count + ?5 WHERE id = ?1");
        _addToState = connection.Prepare("UPDATE state SET clock = max(clock, ?1), count = count + ?2, bytes = bytes + ?3, allocated_bytes = allocated_bytes + ?4, absent_count = absent_count + ?5");
        ReadState();
    }

    public IndexConnection Connection { get; }

    public EntryTable Entries { get; }

    public PendingMarks Marks { get; }

    /// <summary>This index's own instance.</summary>
    public EvictionPolicy Policy { get; }

    /// <summary>What is pinned, as of the beginning of the transaction and what it changed.</summary>
    public PinSet Pins { get; private set; } = new();

    /// <summary>The clock as it stands.</summary>
    public long Clock => _clock.Value;

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

        ReadState();
    }

    /// <summary>Writes the totals and the clock, commits, and makes the rest known.</summary>
    public void Commit()
    {
        if (Policy.Changes - _savedChanges >= PolicyChangesToSave)
        {
            SavePolicy();
        }

        WriteTotals();
        _commit.Run();
        _stateIsUncertain = false;
        foreach ((string name, long id) in _newStores)
        {
            _names.Add(name, id);
        }

        _remembered.Forget(_touched, _touchedAll);
        _takenMarks.ForEach(Marks.Recycle);
        Clear();
    }

    /// <summary>
    /// Takes everything back; does nothing if nothing is open. What the policy has seen it remembers: entries that it believes
    /// to be gone are not, which costs it no more than a guess.
    /// </summary>
    public void Rollback()
    {
        _stateIsUncertain = true;
        (_savedChanges, _policySaves) = _savedAtBegin;
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

    /// <summary>Writes what the policy remembers, if that changed; it is committed with the transaction.</summary>
    public void SavePolicy()
    {
        if (Policy.Changes != _savedChanges)
        {
            PolicyState.Write(Connection, Policy.SaveState());
            _savedChanges = Policy.Changes;
            _policySaves++;
        }
    }

    /// <summary>Adds a pin, or takes one back, and tells other processes of it.</summary>
    public void SetPin(Pin pin, PinState state)
    {
        PinTable.Set(Connection, pin, state);
        _pinChanges++;
        Pins = PinTable.Read(Connection);
    }

    /// <summary>What is cached of a store at this point of the transaction.</summary>
    public IndexTotals TotalsOf(long store)
    {
        Statement read = Connection.Prepare("SELECT count, bytes, allocated_bytes, absent_count FROM stores WHERE id = ?1");
        read.Bind(1, store);
        IndexTotals totals = read.Step() ? new IndexTotals(read.Int64(0), read.Int64(1), read.Int64(2), read.Int64(3)) : default;
        read.Reset();
        return totals + _deltas.GetValueOrDefault(store);
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

    /// <summary>Reads the clock, and what other processes changed of the policy's state and of the pins.</summary>
    /// <remarks>Of two processes that pop by turns the one that saved last is believed: what the other has not saved yet is lost to both.</remarks>
    private void ReadState()
    {
        _readState.Step();
        _clockAtBegin = _readState.Int64(0);
        (long policySaves, long pinChanges) = (_readState.Int64(1), _readState.Int64(2));
        _readState.Reset();
        _clock.AdvanceTo(_clockAtBegin);
        if (policySaves != _policySaves)
        {
            Policy.LoadState(PolicyState.Read(Connection));
            _policySaves = policySaves;
            _savedChanges = Policy.Changes;
        }

        _savedAtBegin = (_savedChanges, _policySaves);
        if (pinChanges != _pinChanges || _stateIsUncertain)
        {
            Pins = PinTable.Read(Connection);
            _pinChanges = pinChanges;
        }
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
