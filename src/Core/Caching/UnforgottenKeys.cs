using System.Collections.Concurrent;

namespace ZarrCache;

/// <summary>
/// Keys that were to go while the index could not be written to. What it says of them is as if it were not there, until the
/// writer, before it writes one of them again, has made the index forget: else a key would be read as it was before it was written, or
/// in parts of two versions. Thread-safe; nearly always empty.
/// </summary>
internal sealed class UnforgottenKeys
{
    private readonly ConcurrentDictionary<(string StoreId, string Key), byte> _keys = new();
    private volatile bool _any;

    public bool Contains(string storeId, string key) => _any && _keys.ContainsKey((storeId, key));

    public void Add(string storeId, string key)
    {
        _keys[(storeId, key)] = 0;
        _any = true;
    }

    public void Remove(string storeId, string key)
    {
        if (_any)
        {
            _keys.TryRemove((storeId, key), out _);
        }
    }
}
