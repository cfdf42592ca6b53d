namespace ZarrCache.Cli.Demo;

/// <summary>The datasets that are shipped beside the tool; of one its bytes in memory to compare with.</summary>
internal static class DemoSample
{
    public const string Name = "eraint-v2.zarr";

    /// <summary>The same data, in shards.</summary>
    public const string ShardedName = "eraint-v3-sharded.zarr";

    public static string Root { get; } = Path.Combine(AppContext.BaseDirectory, "samples", Name);

    public static string ShardedRoot { get; } = Path.Combine(AppContext.BaseDirectory, "samples", ShardedName);

    public static Dictionary<string, byte[]> Load() =>
        Directory.EnumerateFiles(Root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .ToDictionary(file => Path.GetRelativePath(Root, file).Replace('\\', '/'), File.ReadAllBytes, StringComparer.Ordinal);
}
