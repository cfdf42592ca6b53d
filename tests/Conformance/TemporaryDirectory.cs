namespace ZarrCache.Conformance;

/// <summary>A directory of a test's own, removed at its end with all that is in it.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    /// <summary>Its full path.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("zarrcache-").FullName;

    /// <summary>The full path of what lies in it.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>The same, by several names.</summary>
    public string At(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>Everything below, files and directories, relative and sorted.</summary>
    public IEnumerable<string> Entries(string below = "") =>
        Directory.EnumerateFileSystemEntries(At(below), "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Select(path => System.IO.Path.GetRelativePath(At(below), path)).Order(StringComparer.Ordinal);

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
