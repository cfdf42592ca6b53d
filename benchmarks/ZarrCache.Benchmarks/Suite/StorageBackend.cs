using ZarrCache.Storage.FileSystem;
using ZarrCache.Storage.S3.Tests;

namespace ZarrCache.Benchmarks.Suite;

/// <summary>A chunk storage that the suite compares: one line in <see cref="All"/>.</summary>
/// <param name="Name">What it is called in tables and charts.</param>
/// <param name="OpenAsync">Opens the chunks of the stores of a cache in a directory.</param>
/// <param name="OpenYardstickAsync">Makes what it is measured against, in a directory of its own.</param>
/// <param name="IsSlow">Whether so little comes of one caller at a time that it is measured for a release only.</param>
/// <param name="Lacks">How this machine comes by the program that it needs; null if it has it, or needs none.</param>
public sealed record StorageBackend(
    string Name,
    Func<string, ValueTask<StoreOpener>> OpenAsync,
    Func<string, ValueTask<IStorageYardstick>>? OpenYardstickAsync = null,
    bool IsSlow = false,
    string? Lacks = null)
{
    public static IReadOnlyList<StorageBackend> All { get; } =
    [
        new("file system", directory => new(FileSystemStore.Opener(Path.Combine(directory, "{store_id}.zarr"))), directory => new(new PlainFiles(directory))),
        new(
            "S3",
            async directory => (await LoopbackServers.GetBucketAsync()).OpenChunks(PrefixOf(directory)),
            async directory => new PlainObjects(await LoopbackServers.GetBucketAsync(), $"{PrefixOf(directory)}-yardstick"),
            IsSlow: true,
            Lacks: Radosgw.IsInstalled ? null : Radosgw.Install),
    ];

    public override string ToString() => Name;

    /// <summary>The bucket is one for all directories.</summary>
    private static string PrefixOf(string directory) => Path.TrimEndingDirectorySeparator(directory).Replace('/', '-').TrimStart('-');
}
