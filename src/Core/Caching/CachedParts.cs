namespace ZarrCache;

/// <summary>What is cached of an object in parts.</summary>
/// <param name="Known">Any part of the object, in the range or not, for what it says of the object.</param>
/// <param name="Parts">Those that share a byte with the range asked for, by offset; they may be none.</param>
public sealed record CachedParts(IndexEntry Known, IReadOnlyList<IndexEntry> Parts)
{
    /// <summary>The object that they are parts of.</summary>
    public ObjectInfo Info => Known.Info;

    /// <summary>Whether all parts are known to be of one version of the object, so that they may meet in one answer.</summary>
    public bool AreOneVersion => Parts.All(part => part.Info.IsSameVersion(Info));

    /// <summary>Whether they have every byte of a range of the object between them.</summary>
    public bool Covers(long offset, long length)
    {
        long reached = offset;
        foreach (IndexEntry part in Parts)
        {
            reached = part.Offset <= reached ? Math.Max(reached, part.Offset + part.Size) : reached;
        }

        return reached >= offset + length;
    }
}
