namespace ZarrCache;

/// <summary>
/// What one store may count on, and what it may take, of the budget that all stores of a cache share; in bytes on the
/// medium, as <see cref="IndexedCacheStorageOptions.MaxSize"/>.
/// </summary>
/// <param name="Minimum">
/// What other stores cannot take away: none of its entries goes for theirs while it has no more than this. It is not kept
/// empty for it either: until the store fills it, others use it, and give it back but for what is less than a chunk. 0 for nothing.
/// </param>
/// <param name="Maximum">What it may take up at most: there it gives up its own entries for its own. At least one chunk, or nothing of it is cached.</param>
public sealed record StoreQuota(long Minimum = 0, long Maximum = long.MaxValue)
{
    /// <summary>Whether it asks for nothing.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsNone => Minimum == 0 && Maximum == long.MaxValue;

    /// <summary>Refuses quotas that cannot be kept.</summary>
    /// <param name="quotas">The quotas, by store id.</param>
    /// <param name="maxSize">The budget, bytes.</param>
    /// <exception cref="ArgumentException">The message names the store, the value and the rule.</exception>
    public static void Validate(IReadOnlyDictionary<string, StoreQuota> quotas, long maxSize)
    {
        ArgumentNullException.ThrowIfNull(quotas);
        Int128 sum = 0;
        foreach ((string storeId, StoreQuota quota) in quotas)
        {
            ZarrKey.ValidateStoreId(storeId);
            Require(quota.Minimum >= 0, storeId, $"the minimum is {quota.Minimum} bytes; it must be at least 0");
            Require(quota.Maximum >= 1, storeId, $"the maximum is {quota.Maximum} bytes; it must be at least 1");
            Require(quota.Minimum <= quota.Maximum, storeId, $"the minimum is {quota.Minimum} bytes and the maximum {quota.Maximum}; the minimum must not be the larger one");
            sum += quota.Minimum;
        }

        if (sum > maxSize)
        {
            throw new ArgumentException($"The minima of the stores' quotas are {sum} bytes together; they must fit into MaxSize, which is {maxSize}. Lower a minimum, or raise MaxSize.", nameof(quotas));
        }
    }

    private static void Require(bool holds, string storeId, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException($"The quota of store '{storeId}' cannot be kept: {rule}.", nameof(storeId));
        }
    }
}
