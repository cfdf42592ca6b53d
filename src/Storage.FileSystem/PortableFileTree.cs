using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace ZarrCache.Storage.FileSystem;

/// <summary>
/// Files by the means of .NET alone, for systems without <c>openat2</c>. Each component of a path is looked at for links
/// before it is used: correct against links that lie there, not against one that is slipped in between. Records are
/// kept on Linux and macOS; elsewhere values have none.
/// </summary>
internal sealed class PortableFileTree(string root, SymbolicLinks links, NameRules rules, bool preciseTimes) : FileTree(root, links, rules)
{
    /// <inheritdoc/>
    public override SafeFileHandle? OpenRead(string path, out FileStamp stamp)
    {
        stamp = default;
        string full = Path.Combine(Root, path);
        if (IsBlocked(path, lastToo: true) || Directory.Exists(full))
        {
            return null;
        }

        try
        {
            SafeFileHandle file = File.OpenHandle(full, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            stamp = Stamp(file);
            return file;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or PathTooLongException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public override int Read(SafeFileHandle file, Span<byte> destination, long offset) => RandomAccess.Read(file, destination, offset);

    /// <inheritdoc/>
    public override FileStamp? Write(string path, in ReadOnlySequence<byte> value, ReadOnlySpan<byte> record, CancellationToken ct)
    {
        (string directory, string name) = Split(path);
        string parent = Path.Combine(Root, directory);
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            ct.ThrowIfCancellationRequested();
            if (!Directory.Exists(Root))
            {
                Roots.Make(Root);
                NameProbe.Write(Root, Rules);
            }

            if (IsBlocked(path, lastToo: false))
            {
                return null;
            }

            string temporary = Path.Combine(parent, NewTemporaryName());
            try
            {
                Roots.Make(parent);
                FileStamp stamp = Fill(temporary, value, record, ct);
                string full = Path.Combine(parent, name);
                if (Directory.Exists(full) && new DirectoryInfo(full).LinkTarget is null && !TryRemove(full))
                {
                    return null;
                }

                File.Move(temporary, full, overwrite: true);
                return stamp;
            }
            catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
            {
                // pruned just now: begin again
            }
            finally
            {
                if (File.Exists(temporary))
                {
                    File.Delete(temporary);
                }
            }
        }

        throw new IOException($"The directory of '{path}' was removed {Attempts} times while it was being written to.");
    }

    /// <inheritdoc/>
    public override bool Delete(string path)
    {
        string full = Path.Combine(Root, path);
        var file = new FileInfo(full);
        if (IsBlocked(path, lastToo: false) || (!file.Exists && file.LinkTarget is null))
        {
            return false;
        }

        File.Delete(full);
        Prune(Split(path).Directory);
        return true;
    }

    /// <inheritdoc/>
    public override bool IsDirectory(string path) => !IsBlocked(path, lastToo: true) && Directory.Exists(Path.Combine(Root, path));

    /// <inheritdoc/>
    public override void Prune(string directory)
    {
        while (directory.Length > 0 && !IsBlocked(directory, lastToo: true) && TryRemove(Path.Combine(Root, directory)))
        {
            directory = Split(directory).Directory;
        }
    }

    private static bool TryRemove(string directory)
    {
        try
        {
            Directory.Delete(directory);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // most often because it is not empty
        }
    }

    private FileStamp Fill(string path, in ReadOnlySequence<byte> value, ReadOnlySpan<byte> record, CancellationToken ct)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            PreallocationSize = value.Length,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var stream = new FileStream(path, options);
        foreach (ReadOnlyMemory<byte> segment in value)
        {
            ct.ThrowIfCancellationRequested();
            stream.Write(segment.Span);
        }

        FileRecord.Write(stream.SafeFileHandle, record);
        if (preciseTimes)
        {
            File.SetLastWriteTimeUtc(stream.SafeFileHandle, TimeProvider.System.GetUtcNow().UtcDateTime);
        }

        return Stamp(stream.SafeFileHandle);
    }

    private static FileStamp Stamp(SafeFileHandle file) => new(RandomAccess.GetLength(file), File.GetLastWriteTimeUtc(file), 0);

    /// <summary>Whether a link that is not followed, or a file in the place of a directory, stands in the way of a path.</summary>
    private bool IsBlocked(string path, bool lastToo)
    {
        for (int end = path.IndexOf('/'); end >= 0 || lastToo; end = path.IndexOf('/', end + 1))
        {
            bool last = end < 0;
            var part = new FileInfo(Path.Combine(Root, last ? path : path[..end]));
            if ((part.LinkTarget is not null && !MayFollow(part)) || (!last && part.LinkTarget is null && part.Exists))
            {
                return true;
            }

            if (last)
            {
                break;
            }
        }

        return false;
    }

    private bool MayFollow(FileInfo link) =>
        Links == SymbolicLinks.WithinRoot
        && link.ResolveLinkTarget(returnFinalTarget: true) is { } target
        && target.FullName.StartsWith(Root + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
