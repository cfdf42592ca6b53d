namespace ZarrCache.Index.Faster;

/// <summary>
/// What leaves the log: entries that are popped, from windows at its head (<see cref="VictimWindow"/>), and the dead records
/// before them. One pop at a time, and none while the log is cleaned.
/// </summary>
/// <remarks>
/// A pop of all stores and kinds costs a look at about two records for each entry. A pop of one store, or one kind, walks past
/// the records of others: its window goes through the whole log once while so many entries are popped as the log holds of
/// it, so that each costs a look at as many records as there are for one of its own. Windows are kept for the last 32 kinds of
/// request, about 1 MiB each.
/// </remarks>
internal sealed class Evictions(LogStore log, IndexState state, EntryRecords records, ActiveScans scans, int windowSize)
{
    private const int MaxWindows = 32;

    /// <summary>So many bytes of the log are not worth cleaning: two files.</summary>
    private const long Slack = 2L * ChecksummedLogDevice.SegmentBytes;

    // Guards the windows, and that nothing is moved by two at once.
    private readonly Lock _lock = new();
    private readonly Dictionary<WindowKey, VictimWindow> _windows = [];
    private readonly RecordBatch _batch = new();

    /// <summary>Whether the log has more dead records than it should.</summary>
    public bool NeedsCleaning => log.Bytes > Slack + (log.LiveBytes * 3 / 2);

    public IReadOnlyList<IndexEntry> Pop(PopRequest request, CancellationToken ct)
    {
        if (Begin(request) is not { } pass)
        {
            return [];
        }

        lock (_lock)
        {
            var popped = new List<IndexEntry>();
            var taken = new List<(IndexEntry Entry, Candidate Candidate)>();
            try
            {
                for (long bytes = 0; bytes < request.Bytes || popped.Count < request.Count;)
                {
                    if (Next(pass, take: true, ct) is not (var victim, var candidate))
                    {
                        break;
                    }

                    popped.Add(victim);
                    taken.Add((victim, candidate));
                    bytes += victim.AllocatedSize;
                }

                return popped;
            }
            catch
            {
                taken.ForEach(one => records.PutBack(one.Candidate.Key, one.Entry, one.Candidate.Rank.Pushed)); // nobody hears what was taken
                throw;
            }
            finally
            {
                pass.GiveBack();
            }
        }
    }

    /// <summary>As <see cref="IStoreIndex.AdmitsAsync"/>, of a policy that does not take everything.</summary>
    public bool Admits(IndexEntry entry, PopRequest request, CancellationToken ct)
    {
        if (Begin(request) is not { } pass)
        {
            return true;
        }

        lock (_lock)
        {
            try
            {
                return Next(pass, take: false, ct) is not ({ Retention: Retention.Evictable } victim, _) || state.Admits(entry, victim);
            }
            finally
            {
                pass.GiveBack();
            }
        }
    }

    /// <summary>Something that the windows have passed may have become a victim.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            _windows.Clear();
        }
    }

    /// <summary>Does something with nothing popped and nothing moved meanwhile.</summary>
    public T Hold<T>(Func<T> action)
    {
        lock (_lock)
        {
            return action();
        }
    }

    /// <summary>
    /// Gives up the dead records of one page at the head of the log. If nearly half of the log is dead, live ones among them are
    /// moved to its end; else they stay until they are popped. False if there was nothing to give up.
    /// </summary>
    public bool Clean(CancellationToken ct)
    {
        lock (_lock)
        {
            if (!NeedsCleaning || log.IsBroken)
            {
                return false;
            }

            bool mayMove = log.Bytes > Slack + (log.LiveBytes * 19 / 10);
            long begin = log.Log.BeginAddress;
            _batch.Clear();
            long until = log.Scan(
                begin,
                Math.Min(log.PageEnd(begin), log.WholeUntil()),
                (address, key, _) =>
                {
                    _batch.Add(address, key, default);
                    return true;
                },
                ct);
            for (int i = 0; i < _batch.Count; i++)
            {
                if (IsHeld(_batch.KeyOf(i), _batch.AddressOf(i), mayMove))
                {
                    until = _batch.AddressOf(i);
                    break;
                }
            }

            log.ShiftBegin(until);
            return until > begin;
        }
    }

    /// <summary>Whether a record keeps the log from being given up at its address.</summary>
    private bool IsHeld(ReadOnlySpan<byte> key, long address, bool mayMove)
    {
        if (RecordKey.StoreOf(key) == RecordKey.Filler)
        {
            return false;
        }

        using KeyScope scope = log.Enter(RecordKey.PrefixOf(key));
        if (!mayMove)
        {
            return scope.Session.IsNewest(key, address);
        }

        Move(scope.Session, key, address);
        return false;
    }

    private PopPass? Begin(PopRequest request)
    {
        int? store = request.StoreId is null ? null : state.Stores.Find(request.StoreId);
        return (request.StoreId is null || store is not null) && request is not { Bytes: 0, Count: 0 } ? new PopPass(request, store, state) : null;
    }

    /// <summary>The next victim; null if there is none.</summary>
    private (IndexEntry Entry, Candidate Candidate)? Next(PopPass pass, bool take, CancellationToken ct)
    {
        for (; pass.Retention < Retention.Pinned; pass.Retention++)
        {
            VictimWindow window = WindowOf(pass.Window);
            while (window.Next(ct) is { } candidate)
            {
                try
                {
                    ct.ThrowIfCancellationRequested();
                    if (Judge(pass, window, candidate, take) is { } victim)
                    {
                        return (victim, candidate);
                    }
                }
                catch
                {
                    window.Add(candidate);
                    throw;
                }
            }
        }

        return null;
    }

    /// <summary>The entry of a candidate, if it goes now.</summary>
    private IndexEntry? Judge(PopPass pass, VictimWindow window, Candidate candidate, bool take)
    {
        ReadOnlySpan<byte> key = candidate.Key;
        using KeyScope scope = log.Enter(RecordKey.PrefixOf(key));
        LogSession session = scope.Session;
        ReadOnlySpan<byte> value = Current(session, window, candidate);
        if (value.IsEmpty)
        {
            return null;
        }

        IndexEntry entry = records.Read(key, value);
        if (entry.Retention != window.Selects.Retention)
        {
            return null; // pinned meanwhile
        }

        if (!pass.Allows(entry, log))
        {
            if (pass.Aside < windowSize)
            {
                pass.PutAside(window, candidate);
            }
            else
            {
                Move(session, key, candidate.Address); // a store that keeps so much must not stand in the way for good
            }

            return null;
        }

        if (state.OnPop(entry) is { } priority && pass.Keeps(key))
        {
            Keep(session, window, candidate, priority);
            return null;
        }

        if (take)
        {
            state.OnEvict(entry);
            EntryRecords.Remove(session, key, value);
        }
        else
        {
            window.Add(candidate);
        }

        return entry;
    }

    /// <summary>The value of a candidate, if it is what the log holds of its key, and still has the rank that brought its turn; else empty. If only the rank has changed, it goes back into the window.</summary>
    private static ReadOnlySpan<byte> Current(LogSession session, VictimWindow window, Candidate candidate)
    {
        if (candidate.Final is { } final)
        {
            return session.IsNewest(candidate.Key, candidate.Address) ? final : default;
        }

        if (!session.Read(candidate.Key) || session.FoundAt != candidate.Address)
        {
            return default; // removed, or to be met again further on
        }

        var rank = Rank.Of(session.Found);
        if (rank == candidate.Rank)
        {
            return session.Found;
        }

        candidate.Rank = rank;
        window.Add(candidate);
        return default;
    }

    private static void Keep(LogSession session, VictimWindow window, Candidate candidate, double priority)
    {
        session.Change(candidate.Key, new RecordInput(RecordOperation.Rank, Priority: priority));
        if (session.Read(candidate.Key) && session.FoundAt == candidate.Address)
        {
            candidate.Rank = Rank.Of(session.Found); // changed in place; else it lies at the end of the log now, where the window comes to it
            window.Add(candidate);
        }
    }

    private VictimWindow WindowOf(WindowKey key)
    {
        if (!_windows.TryGetValue(key, out VictimWindow? window))
        {
            if (_windows.Count == MaxWindows)
            {
                _windows.Clear(); // they are filled again when they are asked for
            }

            _windows.Add(key, window = new VictimWindow(key, windowSize, log, state, records, MoveToEnd));
        }

        return window;
    }

    private void MoveToEnd(Candidate candidate)
    {
        using KeyScope scope = log.Enter(RecordKey.PrefixOf(candidate.Key));
        Move(scope.Session, candidate.Key, candidate.Address);
    }

    /// <summary>Copies a record to the end of the log, if it is the newest of its key. With the key held.</summary>
    private void Move(LogSession session, ReadOnlySpan<byte> key, long address)
    {
        if (session.IsNewest(key, address) && session.Read(key))
        {
            long moved = session.Write(key, session.Found, RecordOperation.Append);
            scans.Moved(key, address);
            foreach (VictimWindow window in _windows.Values)
            {
                window.Moved(address, moved);
            }
        }
    }
}
