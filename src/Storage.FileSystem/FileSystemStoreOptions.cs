namespace ZarrCache.Storage.FileSystem;

/// <summary>Options of a <see cref="FileSystemStore"/>.</summary>
public sealed record FileSystemStoreOptions
{
    /// <summary>Refuse to write, with a <see cref="NotSupportedException"/>; the directory must exist. False by default.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>What becomes of symbolic links; <see cref="SymbolicLinks.WithinRoot"/> by default.</summary>
    public SymbolicLinks SymbolicLinks { get; init; } = SymbolicLinks.WithinRoot;

    /// <summary>
    /// Whether answers carry an ETag (of inode, modification time and size) and Last-Modified. True by default; a cache's
    /// own chunks do without, which spares an allocation for each read.
    /// </summary>
    public bool Validators { get; init; } = true;

    /// <summary>Tells the age of temporary files, which the file system dates by the system's clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Do without <c>openat2</c> though the system has it, as on other systems; for tests.</summary>
    internal bool Portable { get; init; }
}
