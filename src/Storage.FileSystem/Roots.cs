namespace ZarrCache.Storage.FileSystem;

/// <summary>Refuses directories that cannot be a root, and learns how the others treat names.</summary>
internal static class Roots
{
    /// <summary>The full path of a root, without a slash at its end.</summary>
    public static string Check(string root)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(root);
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        return Path.GetDirectoryName(full) is not null
            ? full
            : throw new ArgumentException($"'{root}' is the root of a file system; name a directory of its own below it.", nameof(root));
    }

    /// <summary>
    /// Makes a root that does not exist, and says how names are escaped in it: as it remembers; in an empty one as
    /// a probe finds; plainly in one that somebody else has filled.
    /// </summary>
    /// <exception cref="StoreException">It is a file, or nothing can be written there.</exception>
    public static NameRules Prepare(string root, bool readOnly)
    {
        try
        {
            if (File.Exists(root))
            {
                throw new StoreException($"'{root}' is a file; a store needs a directory. Name another place or move the file away.");
            }

            if (readOnly)
            {
                return Directory.Exists(root)
                    ? NameProbe.Read(root) ?? NameRules.None
                    : throw new StoreException($"There is no directory '{root}' to read from.");
            }

            Make(root);
            if (NameProbe.Read(root) is { } remembered)
            {
                return remembered;
            }

            return Directory.EnumerateFileSystemEntries(root).Any(entry => !Path.GetFileName(entry).StartsWith(FileNames.TemporaryPrefix, StringComparison.Ordinal))
                ? NameRules.None
                : Probe(root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The directory '{root}' cannot be used: {e.Message} Name a directory that can be written to, or open it read-only.", e);
        }
    }

    /// <summary>As <see cref="Prepare"/>, for the directory that the stores of a cache lie in: it is always tried out, and a read-only one is no error.</summary>
    public static NameRules PrepareBase(string directory)
    {
        if (File.Exists(directory))
        {
            throw new StoreException($"'{directory}' is a file; the stores of a cache need a directory. Name another place or move the file away.");
        }

        try
        {
            Make(directory);
            return NameProbe.Read(directory) ?? Probe(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nothing can be written there, so nothing can collide there; what was written before reads as the system usually has it.
            return OperatingSystem.IsLinux() ? NameRules.None : NameProbe.Strictest;
        }
    }

    /// <summary>Makes a directory and those above it, with mode 0700 where there are modes.</summary>
    public static void Make(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static NameRules Probe(string directory)
    {
        NameRules rules = NameProbe.Try(directory);
        NameProbe.Write(directory, rules);
        return rules;
    }
}
