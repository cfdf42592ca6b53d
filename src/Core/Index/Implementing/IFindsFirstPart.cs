namespace ZarrCache;

/// <summary>
/// What an index does that keeps no order of keys: it finds a part of a key by other means than an enumeration by key, for which it would
/// look at every entry. Optional; every miss asks for it.
/// </summary>
internal interface IFindsFirstPart
{
    /// <summary>The part of a key that begins first, for what it says of the object; null if there is none. O(1).</summary>
    ValueTask<IndexEntry?> FindFirstPartAsync(string storeId, string key, CancellationToken ct);
}
