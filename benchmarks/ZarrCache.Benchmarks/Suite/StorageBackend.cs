using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Benchmarks.Suite;

/// <summary>A chunk storage that the suite compares: one line in <see cref="All"/>.</summary>
/// <param name="Name">What it is called in tables and charts.</param>
/// <param name="Open">Opens the chunks of the stores of a cache in a directory.</param>
/// <param name="OpenYardstick">Makes what it is measured against, in a directory of its own.</param>
public sealed record StorageBackend(string Name, Func<string, StoreOpener> Open, Func<string, IStorageYardstick>? OpenYardstick = null)
{
    public static IReadOnlyList<StorageBackend> All { get; } =
    [
        new("file system", directory => FileSystemStore.Opener(Path.Combine(directory, "{store_id}.zarr")), directory => new PlainFiles(directory)),
    ];

    public override string ToString() => Name;
}
