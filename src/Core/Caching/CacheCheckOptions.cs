namespace ZarrCache;

/// <summary>What a check of files against rows looks at, and what it mends.</summary>
public sealed record CacheCheckOptions
{
    /// <summary>The least age at which a file without a row is taken for garbage: younger ones may belong to another process that is about to add the row.</summary>
    public TimeSpan MinimumAge { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Only this store; null for all that the index or the storage knows.</summary>
    public string? StoreId { get; init; }

    /// <summary>Whether to read all bytes and hold them against their check sums; by default only sizes are looked at.</summary>
    public bool VerifyBytes { get; init; }

    /// <summary>Whether to remove files without rows and old temporary files, and to drop rows without files or with bad ones.</summary>
    public bool Repair { get; init; }
}

/// <summary>What a check found, in sums.</summary>
/// <param name="Files">Files looked at.</param>
/// <param name="Rows">Rows looked at, absences excluded.</param>
/// <param name="Orphans">Files without a row, old enough to be garbage.</param>
/// <param name="OrphanBytes">Their bytes.</param>
/// <param name="Young">Files without a row that are too young to be judged; a later check will.</param>
/// <param name="Dangling">Rows without a file.</param>
/// <param name="Corrupt">Rows whose file has another size or other bytes.</param>
/// <param name="Unreadable">Rows whose file could not be read at all, which are never dropped, since the fault may be of the moment; files that could not be removed.</param>
/// <param name="Adopted">Files that a new index took over, because the record that travelled with them vouches for them.</param>
/// <param name="TemporaryBytes">Bytes of abandoned temporary files that were removed.</param>
/// <param name="OldestYoung">When the oldest of what was too young was written, by the medium's clock: of the files without a row and, where there is mending to do, of the temporary ones; null if nothing was.</param>
public readonly record struct CacheCheckReport(
    long Files, long Rows, long Orphans, long OrphanBytes, long Young, long Dangling, long Corrupt, long Unreadable, long Adopted, long TemporaryBytes, DateTimeOffset? OldestYoung)
{
    /// <summary>Whether nothing is wrong.</summary>
    public bool IsClean => Orphans == 0 && Dangling == 0 && Corrupt == 0 && Unreadable == 0;
}

/// <summary>One thing that is wrong, or was mended.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="StoreId">The store.</param>
/// <param name="Key">The Zarr key, or the chunk storage's key of a file that belongs to none.</param>
/// <param name="Detail">For people.</param>
public readonly record struct CacheFinding(CacheFindingKind Kind, string StoreId, string Key, string Detail);

/// <summary>What can be wrong between files and rows.</summary>
public enum CacheFindingKind
{
    /// <summary>A file without a row.</summary>
    Orphan,

    /// <summary>A row without a file.</summary>
    Dangling,

    /// <summary>A file that is not what was stored.</summary>
    Corrupt,

    /// <summary>A file that cannot be read, or not removed.</summary>
    Unreadable,

    /// <summary>Not wrong: a file that was taken over.</summary>
    Adopted,
}
