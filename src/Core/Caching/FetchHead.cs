namespace ZarrCache;

/// <summary>What a <see cref="Fetch"/> learned before the bytes.</summary>
/// <param name="Outcome">What came of it.</param>
/// <param name="Info">The object, if it was found.</param>
/// <param name="Offset">The first byte that the fetch brings, in the object.</param>
/// <param name="Length">How many it brings.</param>
internal readonly record struct FetchHead(FetchOutcome Outcome, ObjectInfo Info = default, long Offset = 0, long Length = 0)
{
    /// <summary>Whether the fetch brings the byte at <paramref name="offset"/>.</summary>
    public bool Brings(long offset) => Outcome == FetchOutcome.Found && offset >= Offset && offset < Offset + Length;
}

/// <summary>What came of a fetch.</summary>
internal enum FetchOutcome
{
    /// <summary>The origin gives bytes.</summary>
    Found,

    /// <summary>The origin has no such key.</summary>
    Absent,

    /// <summary>The origin confirmed what was stale.</summary>
    Confirmed,

    /// <summary>What was wanted lies in the cache by now: the origin was not asked.</summary>
    Cached,

    /// <summary>The object is no longer the version that the range was to be of.</summary>
    Changed,
}
