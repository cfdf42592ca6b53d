namespace ZarrCache;

/// <summary>What is never given up: every entry of a store whose key begins with a prefix, now or later.</summary>
/// <param name="StoreId">The store.</param>
/// <param name="Prefix">Empty for the whole store, or ending in <c>/</c>.</param>
public readonly record struct Pin(string StoreId, string Prefix)
{
    /// <summary>Whether a key of the store is pinned by this.</summary>
    public bool Covers(string storeId, string key) =>
        StoreId == storeId && key is not null && key.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Refuses what is no store id and no prefix.</summary>
    /// <exception cref="ArgumentException">The message names the value and the rule.</exception>
    public void Validate()
    {
        ZarrKey.ValidateStoreId(StoreId);
        ZarrKey.ValidatePrefix(Prefix);
    }
}
