namespace ZarrCache;

/// <summary>
/// How much is to be given up: the fewest entries, in the policy's order, that together reach both
/// <paramref name="Bytes"/> and <paramref name="Count"/>; all of them if they do not reach it. Chunks come before metadata
/// documents, whatever their priorities; what is pinned stays.
/// </summary>
/// <param name="Bytes">The <see cref="IndexEntry.AllocatedSize"/> to be freed, in sum; 0 for any.</param>
/// <param name="Count">The least number of entries; 0 for any.</param>
/// <param name="StoreId">Only entries of this store; null for all.</param>
/// <param name="Kind">Only entries of this kind; null for all.</param>
/// <param name="Minima">
/// The <see cref="IndexTotals.AllocatedBytes"/> that stores keep, by store id: a store gives up no entry that has bytes and
/// would take it below, nor those behind it in its order. Null for none.
/// </param>
public readonly record struct PopRequest(
    long Bytes = 0,
    long Count = 0,
    string? StoreId = null,
    EntryKind? Kind = null,
    IReadOnlyDictionary<string, long>? Minima = null)
{
    /// <summary>Refuses negative numbers.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The message names the value and the rule.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Bytes);
        ArgumentOutOfRangeException.ThrowIfNegative(Count);
    }

    /// <summary>Whether a store of which <paramref name="totals"/> is there may give up an entry, as <see cref="Minima"/> say.</summary>
    public bool Allows(IndexTotals totals, IndexEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return Minima is null
            || entry.AllocatedSize == 0
            || !Minima.TryGetValue(entry.StoreId, out long minimum)
            || totals.AllocatedBytes - entry.AllocatedSize >= minimum;
    }
}
