namespace ZarrCache.Storage.FileSystem;

/// <summary>What file names must avoid in a directory, beyond what they avoid everywhere.</summary>
[Flags]
internal enum NameRules
{
    /// <summary>Every name is its own: a usual Linux file system.</summary>
    None = 0,

    /// <summary><c>A</c> and <c>a</c> are one file.</summary>
    FoldsCase = 1,

    /// <summary>An accented letter and its decomposed form are one file.</summary>
    FoldsForm = 2,

    /// <summary>Names such as <c>a:b</c>, <c>CON</c>, or with a dot or space at the end, are refused or changed.</summary>
    Windows = 4,
}
