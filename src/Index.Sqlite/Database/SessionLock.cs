namespace ZarrCache.Index.Sqlite;

/// <summary>
/// Tells a clean end from a crash, among several processes: whoever has the index open holds the lock of a file of its
/// own, which the system lets go when the process ends however it ends, and removes the file when it closes. A file
/// whose lock can be taken was left by a process that did not come to close.
/// </summary>
/// <remarks>A flag in the database could not say which of several processes it belonged to.</remarks>
internal sealed class SessionLock : IDisposable
{
    private readonly FileStream _held;

    private SessionLock(FileStream held) => _held = held;

    /// <summary>Removes the files of the dead and counts the living, oneself not included.</summary>
    public static (int Living, int Dead) Sweep(string directory)
    {
        int living = 0;
        int dead = 0;
        foreach (string path in Directory.Exists(directory) ? Directory.GetFiles(directory) : [])
        {
            try
            {
                using var taken = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                dead++;
                File.Delete(path);
            }
            catch (FileNotFoundException)
            {
                continue; // its owner closed between the listing and the look
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                living++;
            }
        }

        return (living, dead);
    }

    /// <summary>Takes a lock of one's own.</summary>
    public static SessionLock Take(string directory)
    {
        DatabaseFile.CreatePrivateDirectory(directory);
        string path = Path.Combine(directory, Guid.NewGuid().ToString("N"));
        return new SessionLock(new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None));
    }

    /// <summary>Removes the file: a clean end.</summary>
    public void Dispose()
    {
        if (OperatingSystem.IsWindows())
        {
            _held.Dispose(); // an open file cannot be removed there
            File.Delete(_held.Name);
        }
        else
        {
            File.Delete(_held.Name);
            _held.Dispose();
        }
    }
}
