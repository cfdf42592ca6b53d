namespace ZarrCache;

/// <summary>Whether an entry may be given up, and after what: a pop takes no entry as long as it can take one of a smaller retention.</summary>
public enum Retention
{
    /// <summary>A chunk: given up as the policy says.</summary>
    Evictable,

    /// <summary>A metadata document (see <see cref="ZarrKey.IsMetadata"/>), or its absence: small, read first, and needed for all below it; given up when there is no chunk left to give up.</summary>
    Metadata,

    /// <summary>Below a pinned prefix: never given up.</summary>
    Pinned,
}
