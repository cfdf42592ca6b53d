namespace ZarrCache;

/// <summary>
/// How much is to be given up: the fewest entries, in the policy's order, that together reach both
/// <paramref name="Bytes"/> and <paramref name="Count"/>; all of them if they do not reach it.
/// </summary>
/// <param name="Bytes">The <see cref="IndexEntry.AllocatedSize"/> to be freed, in sum; 0 for any.</param>
/// <param name="Count">The least number of entries; 0 for any.</param>
/// <param name="StoreId">Only entries of this store; null for all.</param>
/// <param name="Kind">Only entries of this kind; null for all.</param>
public readonly record struct PopRequest(long Bytes = 0, long Count = 0, string? StoreId = null, EntryKind? Kind = null);
