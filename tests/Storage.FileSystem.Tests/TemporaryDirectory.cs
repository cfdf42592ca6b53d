namespace ZarrCache.Storage.FileSystem.Tests;

internal sealed class TemporaryDirectory : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("zarrcache-").FullName;

    public string At(params string[] parts) => Path.Combine([_path, .. parts]);

    /// <summary>Everything below, files and directories, relative and sorted.</summary>
    public IEnumerable<string> Entries(string below = "") =>
        Directory.EnumerateFileSystemEntries(At(below), "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Select(path => Path.GetRelativePath(At(below), path)).Order(StringComparer.Ordinal);

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
