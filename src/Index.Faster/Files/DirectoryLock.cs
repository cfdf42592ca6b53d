using System.Diagnostics;
using System.Globalization;

namespace ZarrCache.Index.Faster;

/// <summary>
/// The file <c>lock</c> of an index, held as long as it is open: FASTER's memory belongs to one process. The system lets go
/// of it when the process ends, however it ends. What is written in <c>holder</c> beside it, which anybody can read, names the process.
/// </summary>
internal sealed class DirectoryLock : IDisposable
{
    private readonly FileStream _held;

    private DirectoryLock(FileStream held) => _held = held;

    /// <summary>Takes the lock; null if another holds it.</summary>
    /// <exception cref="IOException">The file cannot be made.</exception>
    public static DirectoryLock? TryTake(string directory, DateTimeOffset now)
    {
        FileStream held;
        try
        {
            held = new FileStream(PathIn(directory), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException) && File.Exists(PathIn(directory)))
        {
            return null;
        }

        try
        {
            using var self = Process.GetCurrentProcess();
            File.WriteAllText(HolderPathIn(directory), string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} ({self.ProcessName}), since {now.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z"));
            return new DirectoryLock(held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Who holds it, for people.</summary>
    public static string HolderOf(string directory)
    {
        try
        {
            return File.ReadAllText(HolderPathIn(directory)) is { Length: > 0 } text ? text : "a process that has just begun";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "a process that cannot be named: " + e.Message;
        }
    }

    public void Dispose() => _held.Dispose();

    private static string HolderPathIn(string directory) => Path.Combine(directory, "holder");

    private static string PathIn(string directory) => Path.Combine(directory, "lock");
}
