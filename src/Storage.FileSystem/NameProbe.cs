namespace ZarrCache.Storage.FileSystem;

/// <summary>
/// Finds out how a directory treats names, once: what was found is remembered in it, so that its names never change
/// their meaning, not even when it is copied elsewhere. A directory that treats every name as its own needs no mark.
/// </summary>
internal static class NameProbe
{
    private const string Marker = FileNames.Reserved;
    private const string Format = "zarrcache names 1: ";
    private const int Attempts = 10;

    /// <summary>Safe wherever names are.</summary>
    public const NameRules Strictest = NameRules.FoldsCase | NameRules.FoldsForm | NameRules.Windows;

    /// <summary>What the directory remembers; null if nothing.</summary>
    /// <exception cref="CacheFormatException">The mark is of a newer version, or damaged.</exception>
    public static NameRules? Read(string directory)
    {
        string path = Path.Combine(directory, Marker);
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        return text.StartsWith(Format, StringComparison.Ordinal) && Enum.TryParse(text.AsSpan(Format.Length).Trim(), out NameRules rules) && (rules & ~Strictest) == 0
            ? rules
            : throw new CacheFormatException($"'{path}' is damaged or was written by a newer version; it should read '{Format}' and a list of {Strictest}.");
    }

    /// <summary>Remembers, unless there is nothing to remember.</summary>
    public static void Write(string directory, NameRules rules)
    {
        if (rules == NameRules.None)
        {
            return;
        }

        string temporary = Path.Combine(directory, FileTree.NewTemporaryName());
        File.WriteAllText(temporary, Format + rules + "\n");
        File.Move(temporary, Path.Combine(directory, Marker), overwrite: true);
    }

    /// <summary>Tries out how an existing directory treats names. About 20 system calls; leaves nothing behind.</summary>
    /// <exception cref="IOException">Nothing can be written there.</exception>
    public static NameRules Try(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return Strictest;
        }

        string stem = Path.Combine(directory, FileTree.NewTemporaryName());
        NameRules rules = NameRules.None;
        if (IsFoundAs(stem + "-k", stem + "-K"))
        {
            rules |= NameRules.FoldsCase;
        }

        if (IsFoundAs(stem + "-\u00e9", stem + "-e\u0301"))
        {
            rules |= NameRules.FoldsForm;
        }

        if (!IsKept(stem + "-a:b?") || !IsKept(stem + "-c.") || !IsKept(stem + "-d "))
        {
            rules |= NameRules.Windows;
        }

        return rules;
    }

    private static bool IsFoundAs(string path, string other) => Ask(path, () => File.Exists(other));

    private static bool IsKept(string path)
    {
        try
        {
            return Ask(path, () => Directory.EnumerateFiles(Path.GetDirectoryName(path)!).Contains(path, StringComparer.Ordinal));
        }
        catch (Exception e) when (e is IOException and not DirectoryNotFoundException or UnauthorizedAccessException or ArgumentException)
        {
            return false; // such a name is refused
        }
    }

    /// <summary>Asks while a file lies there: once more if it does not any longer, which is a sweep's work and says nothing of names.</summary>
    private static bool Ask(string path, Func<bool> question)
    {
        for (int attempt = 1; ; attempt++)
        {
            File.WriteAllBytes(path, []);
            try
            {
                bool answer = question();
                if (File.Exists(path) || attempt == Attempts)
                {
                    return answer;
                }
            }
            finally
            {
                File.Delete(path);
            }
        }
    }
}
