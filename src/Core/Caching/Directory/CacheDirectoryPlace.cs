namespace ZarrCache;

/// <summary>Which directories can become a cache: a cache erases what it holds, so it must not hold anybody else's.</summary>
internal static class CacheDirectoryPlace
{
    /// <summary>The full path of a directory that may be, or become, a cache.</summary>
    public static string Validate(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetPathRoot(full) == full)
        {
            throw new ZarrCacheException($"'{full}' is the root of a file system and cannot be a cache; give a directory of its own, such as '{Path.Combine(full, "var", "cache", "zarr")}'.");
        }

        if (File.Exists(full))
        {
            throw new ZarrCacheException($"The cache directory '{full}' is a file; give a directory.");
        }

        return full;
    }

    /// <summary>Makes the directory of a new cache, or refuses.</summary>
    public static void Prepare(string path, bool mustExist)
    {
        if (mustExist)
        {
            throw new ZarrCacheException($"There is no cache in '{path}'; make one with 'zarr-cache warm'.");
        }

        if (!Directory.Exists(path))
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        else if (Directory.EnumerateFileSystemEntries(path).Select(Path.GetFileName).Except([.. CacheManifestFile.OwnNames, "lost+found"]).FirstOrDefault() is { } other
            && !File.Exists(Path.Combine(path, CacheManifestFile.FileName)))
        {
            // Asked last: another process that makes the cache at this moment writes the manifest before anything else.
            throw new ZarrCacheException($"'{path}' is not empty (it has '{other}') and holds no cache; give an empty directory or one that does not exist.");
        }
    }
}
