using BitFaster.Caching.Lru;

namespace ZarrCache;

/// <summary>
/// A bounded memory of entries that were found lately, so that a hot one costs no look-up. Own writes remove what they
/// touch after they are committed; what another process wrote is not noticed, and does no harm to values and parts,
/// whose bytes are verified on every read: the caller drops what does not match, and that removes it here too.
/// Absences are never remembered: nothing would contradict a stale one. Thread-safe.
/// </summary>
internal sealed class RememberedEntries(int capacity)
{
    private readonly ConcurrentLru<EntryKey, IndexEntry>? _entries = capacity == 0 ? null : new(capacity);
    private long _generation;

    /// <summary>Read it before the database is, and hand it to <see cref="Add"/>.</summary>
    public long Generation => Interlocked.Read(ref _generation);

    public bool TryGet(EntryKey key, out IndexEntry? entry)
    {
        entry = null;
        return _entries is not null && _entries.TryGet(key, out entry);
    }

    /// <summary>
    /// Remembers what was read, unless something was written since: a read that began before a delete was committed
    /// must not bring the dead entry back after it.
    /// </summary>
    public void Add(EntryKey key, IndexEntry entry, long generation)
    {
        if (_entries is null || entry.Kind == EntryKind.Absent || Generation != generation)
        {
            return;
        }

        _entries.AddOrUpdate(key, entry);
        if (Generation != generation)
        {
            _entries.TryRemove(key);
        }
    }

    /// <summary>Called when a transaction has been committed, before its callers hear of it.</summary>
    /// <param name="keys">What it touched, or tried to.</param>
    /// <param name="all">It touched too much to say.</param>
    public void Forget(List<EntryKey> keys, bool all)
    {
        if (_entries is null)
        {
            return;
        }

        Interlocked.Increment(ref _generation);
        if (all)
        {
            _entries.Clear();
        }
        else if (_entries.Count > 0)
        {
            foreach (EntryKey key in keys)
            {
                _entries.TryRemove(key);
            }
        }
    }
}
