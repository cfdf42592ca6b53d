using ZarrCache.Conformance;

namespace ZarrCache.Storage.FileSystem.Tests;

/// <summary>The suite in a directory that lives as long as the fact.</summary>
public abstract class DirectoryStoreSuite : ChunkStoreSuite
{
    private readonly TemporaryDirectory _directory = new();

    protected abstract IChunkStore Open(string directory);

    protected sealed override ValueTask<IChunkStore> CreateChunkStoreAsync() => new(Open(_directory.At("cache")));

    public sealed override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>As the chunks of a cache: by the opener.</summary>
public sealed class FileSystemChunkStoreTests : DirectoryStoreSuite
{
    protected override IChunkStore Open(string directory) => FileSystemStore.Opener(directory + "/{store_id}.zarr").Open("Store/1");
}

/// <summary>As an origin: over a directory, with validators.</summary>
public sealed class FileSystemOriginTests : DirectoryStoreSuite
{
    protected override IChunkStore Open(string directory) => new FileSystemStore(directory);
}

/// <summary>As on a system without <c>openat2</c>.</summary>
public sealed class PortableFileSystemStoreTests : DirectoryStoreSuite
{
    protected override IChunkStore Open(string directory) => new FileSystemStore(directory, new() { Portable = true });
}

/// <summary>As on a file system that folds case and normal form and knows the names of Windows: what is escaped there is safe anywhere.</summary>
public sealed class StrictestNamesTests : DirectoryStoreSuite
{
    protected override IChunkStore Open(string directory) => new FileSystemStore(directory, new(), NameProbe.Strictest, medium: null);
}
