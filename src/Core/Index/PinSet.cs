namespace ZarrCache;

/// <summary>The pins of an index, and what they make of a key. Not thread-safe. O(pins of the store) a key, which are few.</summary>
public sealed class PinSet
{
    private readonly Dictionary<string, SortedSet<string>> _prefixes = new(StringComparer.Ordinal);

    /// <summary>Adds a pin; false if it is there already.</summary>
    public bool Add(Pin pin)
    {
        if (!_prefixes.TryGetValue(pin.StoreId, out SortedSet<string>? prefixes))
        {
            _prefixes.Add(pin.StoreId, prefixes = new(StringComparer.Ordinal));
        }

        return prefixes.Add(pin.Prefix);
    }

    /// <summary>Takes a pin away; false if there is none.</summary>
    public bool Remove(Pin pin) => _prefixes.TryGetValue(pin.StoreId, out SortedSet<string>? prefixes) && prefixes.Remove(pin.Prefix);

    /// <summary>Takes all away.</summary>
    public void Clear() => _prefixes.Clear();

    /// <summary>What becomes of an entry of this key.</summary>
    public Retention RetentionOf(string storeId, string key)
    {
        ArgumentNullException.ThrowIfNull(storeId);
        ArgumentNullException.ThrowIfNull(key);
        if (_prefixes.TryGetValue(storeId, out SortedSet<string>? prefixes))
        {
            foreach (string prefix in prefixes)
            {
                if (key.StartsWith(prefix, StringComparison.Ordinal))
                {
                    return Retention.Pinned;
                }
            }
        }

        return ZarrKey.IsMetadata(key) ? Retention.Metadata : Retention.Evictable;
    }

    /// <summary>The pins, by store, then prefix, each by its UTF-8 bytes.</summary>
    public IReadOnlyList<Pin> ToList() =>
        [.. _prefixes.SelectMany(store => store.Value, (store, prefix) => new Pin(store.Key, prefix))
            .OrderBy(pin => pin.StoreId, Utf8Order.Comparer).ThenBy(pin => pin.Prefix, Utf8Order.Comparer)];
}
