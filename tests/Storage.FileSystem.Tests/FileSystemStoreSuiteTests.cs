using ZarrCache.Conformance;

namespace ZarrCache.Storage.FileSystem.Tests;

/// <summary>As the chunks of a cache: by the opener.</summary>
public sealed class FileSystemChunkStoreTests : ChunkStoreSuite
{
    private readonly TemporaryDirectory _directory = new();

    protected override ValueTask<IChunkStore> CreateChunkStoreAsync() => new(FileSystemStore.Opener(_directory.At("{store_id}.zarr")).Open("Store/1"));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>As an origin: over a directory, with validators.</summary>
public sealed class FileSystemOriginTests : ChunkStoreSuite
{
    private readonly TemporaryDirectory _directory = new();

    protected override ValueTask<IChunkStore> CreateChunkStoreAsync() => new(new FileSystemStore(_directory.At("data.zarr")));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>As on a system without <c>openat2</c>.</summary>
public sealed class PortableFileSystemStoreTests : ChunkStoreSuite
{
    private readonly TemporaryDirectory _directory = new();

    protected override ValueTask<IChunkStore> CreateChunkStoreAsync() => new(new FileSystemStore(_directory.At("data.zarr"), new() { Portable = true }));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>As on a file system that folds case and normal form and knows the names of Windows: what is escaped there is safe anywhere.</summary>
public sealed class StrictestNamesTests : ChunkStoreSuite
{
    private readonly TemporaryDirectory _directory = new();

    protected override ValueTask<IChunkStore> CreateChunkStoreAsync() => new(new FileSystemStore(_directory.At("data.zarr"), new(), NameProbe.Strictest, medium: null));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }
}
