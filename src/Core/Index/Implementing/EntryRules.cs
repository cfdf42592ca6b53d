namespace ZarrCache;

/// <summary>What an entry must obey before it is written; cheap beside the write.</summary>
internal static class EntryRules
{
    /// <exception cref="ArgumentException">The message names the value and the rule.</exception>
    public static void Validate(EntryKey key)
    {
        ZarrKey.ValidateStoreId(key.StoreId);
        ZarrKey.Validate(key.Key);
    }

    /// <inheritdoc cref="Validate(EntryKey)"/>
    public static void Validate(IndexEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        Validate(entry.EntryKey);
        if (entry.Kind > EntryKind.Absent)
        {
            throw new ArgumentOutOfRangeException(nameof(entry), entry.Kind, $"The entry of '{entry.Key}' is of no kind that there is.");
        }

        if (long.Min(long.Min(entry.Offset, entry.Size), long.Min(entry.AllocatedSize, entry.ObjectSize)) < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(entry), $"The entry of '{entry.Key}' has a negative offset or size.");
        }
    }
}
