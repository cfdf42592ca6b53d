namespace ZarrCache;

/// <summary>Which entries an enumeration gives, and in which order.</summary>
/// <param name="StoreId">Only entries of this store; null for all.</param>
/// <param name="Prefix">Only keys that begin with this text (any text, not just whole segments); needs <paramref name="StoreId"/> unless empty.</param>
/// <param name="Kind">Only entries of this kind; null for all.</param>
/// <param name="Order">By what they are sorted.</param>
/// <param name="Descending">The largest first.</param>
/// <param name="Limit">At most so many; null for all.</param>
public readonly record struct IndexQuery(
    string? StoreId = null,
    string Prefix = "",
    EntryKind? Kind = null,
    IndexOrder Order = IndexOrder.None,
    bool Descending = false,
    long? Limit = null)
{
    /// <summary>Refuses a prefix without a store and a negative limit.</summary>
    /// <exception cref="ArgumentException">The message names the value and the rule.</exception>
    public void Validate()
    {
        if (!string.IsNullOrEmpty(Prefix) && StoreId is null)
        {
            throw new ArgumentException($"The prefix '{Prefix}' needs a store id: keys are counted by store.", nameof(Prefix));
        }

        if (Limit < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(Limit), Limit, "A limit is 0 or more.");
        }
    }
}

/// <summary>What entries are sorted by. Ties are in no order.</summary>
public enum IndexOrder
{
    /// <summary>As it comes fastest.</summary>
    None,

    /// <summary>By store id, then key, each by the bytes of its UTF-8 form, then offset.</summary>
    Key,

    /// <summary>By <see cref="IndexEntry.LastAccess"/>.</summary>
    LastAccess,

    /// <summary>By <see cref="IndexEntry.AccessCount"/>.</summary>
    AccessCount,

    /// <summary>By <see cref="IndexEntry.Size"/>.</summary>
    Size,

    /// <summary>By <see cref="IndexEntry.LoadDuration"/>.</summary>
    LoadDuration,

    /// <summary>By <see cref="IndexEntry.Retention"/>, then <see cref="IndexEntry.Priority"/>: the order in which entries are offered to the policy; what is pinned comes last.</summary>
    Priority,
}
