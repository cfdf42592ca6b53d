namespace ZarrCache;

/// <summary>
/// The identity of an entry. The value and the absence of a key share one place, so that pushing either replaces the
/// other; each part has its own, by the offset at which it begins.
/// </summary>
/// <param name="StoreId">The dataset.</param>
/// <param name="Key">The Zarr key.</param>
/// <param name="Offset"><see cref="Whole"/>, or the first byte of a part.</param>
public readonly record struct EntryKey(string StoreId, string Key, long Offset = EntryKey.Whole)
{
    /// <summary>The offset that stands for the value or the absence of a key.</summary>
    public const long Whole = -1;
}
