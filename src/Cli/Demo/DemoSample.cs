namespace ZarrCache.Cli.Demo;

/// <summary>The dataset that is shipped beside the tool, and its bytes in memory to compare with.</summary>
internal static class DemoSample
{
    public const string Name = "eraint-v2.zarr";

    public static string Root { get; } = Path.Combine(AppContext.BaseDirectory, "samples", Name);

    public static Dictionary<string, byte[]> Load() =>
        Directory.EnumerateFiles(Root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .ToDictionary(file => Path.GetRelativePath(Root, file).Replace('\\', '/'), File.ReadAllBytes, StringComparer.Ordinal);
}
