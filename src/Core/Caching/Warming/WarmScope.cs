namespace ZarrCache;

/// <summary>Which keys of a dataset are to be warmed; by default all.</summary>
public sealed record WarmScope
{
    /// <summary>Only keys that begin with this text; empty for all.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Only these arrays, or parts of arrays as NumPy spells them: <c>u</c>, <c>u[0,:,0:61,:]</c>; with them come the metadata documents that lead there. None for all arrays.</summary>
    public IReadOnlyList<string> Selections { get; init; } = [];
}
