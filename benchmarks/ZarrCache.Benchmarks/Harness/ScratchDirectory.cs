namespace ZarrCache.Benchmarks.Harness;

/// <summary>A directory for one measurement, removed at its end.</summary>
internal sealed class ScratchDirectory : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("zarrcache-bench-").FullName;

    public string this[string name] => Path.Combine(_path, name);

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
