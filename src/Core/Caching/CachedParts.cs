namespace ZarrCache;

/// <summary>What is cached of an object in parts.</summary>
/// <param name="Info">The object that they are parts of.</param>
/// <param name="Parts">Those that share a byte with the range asked for, by offset; they may be none.</param>
public sealed record CachedParts(ObjectInfo Info, IReadOnlyList<IndexEntry> Parts)
{
    /// <summary>Whether all parts are known to be of one version of the object, so that they may meet in one answer.</summary>
    public bool AreOneVersion => Parts.All(part => part.Info.IsSameVersion(Info));
}
