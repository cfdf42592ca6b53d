namespace ZarrCache;

/// <summary>What a store says of one whole object.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="ETag">The entity tag as the store gave it, quotes and a <c>W/</c> included; null if it gives none.</param>
/// <param name="LastModified">When the store says that the object last changed; null if it does not say.</param>
public readonly record struct ObjectInfo(long Size, string? ETag, DateTimeOffset? LastModified)
{
    /// <summary>Whether the store gave anything by which two answers are known to be of one version, byte for byte: a strong ETag or a Last-Modified.</summary>
    public bool HasStrongValidator => StrongETag is not null || LastModified is not null;

    /// <summary>
    /// Whether <paramref name="other"/> may be the same version of the object: the sizes are equal, and so is every
    /// validator that both of them carry. Two objects without a common validator and of one size may be the same.
    /// </summary>
    public bool MayBeSameVersion(in ObjectInfo other) =>
        Size == other.Size
        && (ETag is null || other.ETag is null || ETag == other.ETag)
        && (LastModified is null || other.LastModified is null || LastModified == other.LastModified);

    /// <summary>Whether <paramref name="other"/> is known to be the same version: it may be, and they share a strong ETag or a Last-Modified.</summary>
    public bool IsSameVersion(in ObjectInfo other) =>
        MayBeSameVersion(other) && ((StrongETag is not null && other.ETag is not null) || (LastModified is not null && other.LastModified is not null));

    /// <summary>The ETag if it vouches for every byte; a weak one does not.</summary>
    public string? StrongETag => ETag is null || IsWeak(ETag) ? null : ETag;

    private static bool IsWeak(string etag) => etag.StartsWith("W/", StringComparison.Ordinal);
}
