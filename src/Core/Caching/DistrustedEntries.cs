using System.Collections.Concurrent;

namespace ZarrCache;

/// <summary>
/// What was to go and did not, because the index or the storage failed: bad entries, whole keys, and all keys below a prefix. What the
/// index says of them is as if it were not there, until the writer, before it writes such a key again, has made the index forget. Else
/// a key would be read as it was before it was written, or in parts of two versions. Thread-safe; nearly always empty, and then one read of a field.
/// </summary>
/// <remarks>It is gone with the process: so the writer removes the bytes even of rows that it cannot, and tries all once more when the cache is closed.</remarks>
internal sealed class DistrustedEntries
{
    private readonly ConcurrentDictionary<(string StoreId, string Key), byte> _keys = new();
    private readonly ConcurrentDictionary<(string StoreId, string Prefix), byte> _prefixes = new();
    private readonly ConcurrentDictionary<long, byte> _versions = new();
    private readonly Lock _changing = new(); // so that the flag is never false of what was just added
    private volatile bool _any;

    /// <summary>The keys all of whose entries count for nothing.</summary>
    public IEnumerable<(string StoreId, string Key)> Keys => _keys.Keys;

    /// <summary>Whether an entry of the index counts for nothing.</summary>
    public bool Contains(IndexEntry entry) => _any && (_versions.ContainsKey(entry.Version) || Contains(entry.StoreId, entry.Key));

    /// <summary>Whether all entries of a key do.</summary>
    public bool Contains(string storeId, string key) => _any && (_keys.ContainsKey((storeId, key)) || IsBelowPrefix(storeId, key));

    /// <summary>Whether a key lies below a prefix of which that is so.</summary>
    public bool IsBelowPrefix(string storeId, string key)
    {
        if (_any)
        {
            foreach (((string StoreId, string Prefix) place, _) in _prefixes)
            {
                if (place.StoreId == storeId && key.StartsWith(place.Prefix, StringComparison.Ordinal))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Distrusts one entry, whose bytes are bad.</summary>
    public void Add(IndexEntry entry) => Change(() => _versions[entry.Version] = 0);

    /// <summary>Distrusts all entries of a key.</summary>
    public void Add(string storeId, string key) => Change(() => _keys[(storeId, key)] = 0);

    /// <summary>The index has forgotten a key.</summary>
    public void Remove(string storeId, string key)
    {
        if (_any)
        {
            Change(() => _keys.TryRemove((storeId, key), out _));
        }
    }

    /// <summary>Distrusts all entries below a prefix.</summary>
    public void AddPrefix(string storeId, string prefix) => Change(() => _prefixes[(storeId, prefix)] = 0);

    /// <summary>All that was below a prefix is gone.</summary>
    public void RemovePrefix(string storeId, string prefix)
    {
        if (_any)
        {
            Change(() => _prefixes.TryRemove((storeId, prefix), out _));
        }
    }

    private void Change(Action change)
    {
        lock (_changing)
        {
            change();
            _any = !_keys.IsEmpty || !_prefixes.IsEmpty || !_versions.IsEmpty;
        }
    }
}
