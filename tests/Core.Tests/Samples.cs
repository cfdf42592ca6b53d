namespace ZarrCache.Core.Tests;

/// <summary>The real datasets that are copied beside the tests.</summary>
public static class Samples
{
    public static string V2 => Path.Combine(AppContext.BaseDirectory, "data", "eraint-v2.zarr");

    public static string V3Sharded => Path.Combine(AppContext.BaseDirectory, "data", "eraint-v3-sharded.zarr");

    /// <summary>Every file below a directory as a key.</summary>
    public static IEnumerable<string> KeysOf(string directory) =>
        Directory.EnumerateFiles(directory, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Select(file => Path.GetRelativePath(directory, file).Replace('\\', '/'));
}
