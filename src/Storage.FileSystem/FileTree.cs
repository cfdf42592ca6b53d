using System.Buffers;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace ZarrCache.Storage.FileSystem;

/// <summary>
/// The files below a root, by relative paths whose segments <c>/</c> divides: the few operations that differ between
/// operating systems. Nothing here knows keys. Failures are <see cref="IOException"/> or
/// <see cref="UnauthorizedAccessException"/>. Thread-safe.
/// </summary>
internal abstract class FileTree(string root, SymbolicLinks links, NameRules rules) : IDisposable
{
    /// <summary>How often a write begins again because somebody else pruned its directory or temporary file.</summary>
    protected const int Attempts = 64;

    /// <summary>The full path.</summary>
    public string Root { get; } = root;

    /// <summary>What becomes of symbolic links.</summary>
    public SymbolicLinks Links { get; } = links;

    /// <summary>How names are escaped; remembered in a root that is made.</summary>
    public NameRules Rules { get; } = rules;

    /// <summary>The tree of the running system. With validators, files are dated by a finer clock than the file system's own, which on Linux stands still for 4 ms: so that two versions differ.</summary>
    public static FileTree Create(string root, FileSystemStoreOptions options, NameRules rules) =>
        LinuxFileTree.IsSupported && !options.Portable
            ? new LinuxFileTree(root, options.SymbolicLinks, rules, preciseTimes: options.Validators)
            : new PortableFileTree(root, options.SymbolicLinks, rules, preciseTimes: options.Validators);

    /// <summary>A name for a temporary file that no key has and nobody else uses.</summary>
    public static string NewTemporaryName() =>
        string.Create(CultureInfo.InvariantCulture, $"{FileNames.TemporaryPrefix}{Random.Shared.NextInt64():x16}");

    /// <summary>Opens a regular file for reading.</summary>
    /// <returns>Null if there is none: nothing, a directory, or a link that is not followed.</returns>
    public abstract SafeFileHandle? OpenRead(string path, out FileStamp stamp);

    /// <summary>Reads into all of <paramref name="destination"/>, or to the end of the file.</summary>
    /// <returns>How many bytes; 0 at the end.</returns>
    public abstract int Read(SafeFileHandle file, Span<byte> destination, long offset);

    /// <summary>Writes or replaces a file with its record, all or nothing, making its directories. The file has mode 0600, new directories 0700.</summary>
    /// <returns>Null if the path is blocked: a directory stands where the file should, or something else where a directory should.</returns>
    public abstract FileStamp? Write(string path, in ReadOnlySequence<byte> value, ReadOnlySpan<byte> record, CancellationToken ct);

    /// <summary>Removes a file, or a link, and the directories that it leaves empty.</summary>
    /// <returns>Whether there was one.</returns>
    public abstract bool Delete(string path);

    /// <summary>Whether there is a directory that may be entered; the empty path is the root.</summary>
    public abstract bool IsDirectory(string path);

    /// <summary>Removes a directory if it is empty, and those above that it leaves empty.</summary>
    public abstract void Prune(string directory);

    /// <inheritdoc/>
    public virtual void Dispose() => GC.SuppressFinalize(this);

    /// <summary>The directory part and the name of a path.</summary>
    protected static (string Directory, string Name) Split(string path)
    {
        int slash = path.LastIndexOf('/');
        return slash < 0 ? ("", path) : (path[..slash], path[(slash + 1)..]);
    }
}

/// <summary>What tells one state of a file from another.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="Modified">The modification time.</param>
/// <param name="Inode">The file's number; 0 where it has none.</param>
internal readonly record struct FileStamp(long Size, DateTimeOffset Modified, ulong Inode);
