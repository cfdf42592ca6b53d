namespace ZarrCache.Storage.FileSystem;

/// <summary>What a store does with symbolic links below its root.</summary>
public enum SymbolicLinks
{
    /// <summary>None is followed: a link in the place of a file or directory reads as absent. So with the chunks of a cache.</summary>
    Refuse,

    /// <summary>
    /// Relative links that stay below the root at every step are followed when a key is read; one that leads out, and
    /// every absolute one, reads as absent. Listings name links to files, and do not descend through links.
    /// </summary>
    WithinRoot,
}
