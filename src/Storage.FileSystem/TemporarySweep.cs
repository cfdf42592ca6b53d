using System.IO.Enumeration;

namespace ZarrCache.Storage.FileSystem;

/// <summary>Removes temporary files that no writer can still be busy with, and directories without anything in them.</summary>
internal static class TemporarySweep
{
    public static RemovedTemporaries Run(FileTree tree, DateTimeOffset before, CancellationToken ct)
    {
        RemovedTemporaries removed = default;
        if (!tree.IsDirectory(""))
        {
            return default;
        }

        var directories = new List<string>();
        foreach ((string path, bool isDirectory, long size, DateTimeOffset writtenAt) in Entries(tree.Root))
        {
            ct.ThrowIfCancellationRequested();
            string relative = Path.GetRelativePath(tree.Root, path).Replace(Path.DirectorySeparatorChar, '/');
            if (isDirectory)
            {
                directories.Add(relative);
            }
            else if (writtenAt >= before)
            {
                removed += new RemovedTemporaries(0, writtenAt);
            }
            else if (tree.Delete(relative))
            {
                removed += new RemovedTemporaries(size, null);
            }
        }

        foreach (string directory in directories)
        {
            ct.ThrowIfCancellationRequested();
            tree.Prune(directory);
        }

        return removed;
    }

    /// <summary>Removes the temporary files of a directory itself, not those of what is in it.</summary>
    public static RemovedTemporaries RunBeside(string directory, DateTimeOffset before, CancellationToken ct)
    {
        RemovedTemporaries removed = default;
        foreach ((string path, bool isDirectory, long size, DateTimeOffset writtenAt) in Entries(directory, recursive: false))
        {
            ct.ThrowIfCancellationRequested();
            if (isDirectory)
            {
                continue;
            }

            if (writtenAt >= before)
            {
                removed += new RemovedTemporaries(0, writtenAt);
            }
            else
            {
                File.Delete(path);
                removed += new RemovedTemporaries(size, null);
            }
        }

        return removed;
    }

    /// <summary>Whether there is a temporary file, however old.</summary>
    public static bool FindsAny(FileTree tree) => tree.IsDirectory("") && Entries(tree.Root).Any(entry => !entry.IsDirectory);

    private static FileSystemEnumerable<(string Path, bool IsDirectory, long Size, DateTimeOffset WrittenAt)> Entries(string root, bool recursive = true) =>
        new(
            root,
            static (ref FileSystemEntry e) => (e.ToFullPath(), e.IsDirectory, e.IsDirectory ? 0 : e.Length, e.LastWriteTimeUtc),
            new EnumerationOptions { AttributesToSkip = 0, RecurseSubdirectories = recursive, IgnoreInaccessible = true })
        {
            // temporary files and real directories: nothing is done, or entered, through a link
            ShouldIncludePredicate = static (ref FileSystemEntry e) =>
                (e.Attributes & FileAttributes.ReparsePoint) == 0 && (e.IsDirectory || e.FileName.StartsWith(FileNames.TemporaryPrefix, StringComparison.Ordinal)),
            ShouldRecursePredicate = static (ref FileSystemEntry e) => (e.Attributes & FileAttributes.ReparsePoint) == 0,
        };
}
