namespace ZarrCache;

/// <summary>In what condition an index was found when it was opened, which decides whether the chunk storage must be swept.</summary>
public enum IndexCondition
{
    /// <summary>Its last user closed it.</summary>
    Clean,

    /// <summary>A user of it ended without closing it: files without rows and rows without files are possible.</summary>
    Unclean,

    /// <summary>As <see cref="Unclean"/>, and what was written last went with that user: besides, files that a record vouches for can be taken over.</summary>
    Rewound,

    /// <summary>It was made just now, or made anew because it was damaged: files that a record vouches for can be taken over.</summary>
    Created,
}
