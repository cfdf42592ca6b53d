using System.Collections.Concurrent;

namespace ZarrCache;

/// <summary>
/// What was to go while the index could not be written to, bad entries and whole keys: what it says of them is as if it were not
/// there, until the writer, before it writes such a key again, has made the index forget. Else a key would be read as it was before it
/// was written, or in parts of two versions. Thread-safe; nearly always empty, and then one read of a field.
/// </summary>
internal sealed class DistrustedEntries
{
    private readonly ConcurrentDictionary<(string StoreId, string Key), byte> _keys = new();
    private readonly ConcurrentDictionary<long, byte> _versions = new();
    private volatile bool _any;

    /// <summary>Whether an entry of the index counts for nothing.</summary>
    public bool Contains(IndexEntry entry) => _any && (_versions.ContainsKey(entry.Version) || _keys.ContainsKey((entry.StoreId, entry.Key)));

    /// <summary>Whether all entries of a key do.</summary>
    public bool Contains(string storeId, string key) => _any && _keys.ContainsKey((storeId, key));

    /// <summary>Distrusts one entry, whose bytes are bad.</summary>
    public void Add(IndexEntry entry)
    {
        _versions[entry.Version] = 0;
        _any = true;
    }

    /// <summary>Distrusts all entries of a key.</summary>
    public void Add(string storeId, string key)
    {
        _keys[(storeId, key)] = 0;
        _any = true;
    }

    /// <summary>The index has forgotten a key.</summary>
    public void Remove(string storeId, string key)
    {
        if (_any)
        {
            _keys.TryRemove((storeId, key), out _);
        }
    }
}
