using ZarrCache.Conformance;

namespace ZarrCache.Storage.S3.Tests;

/// <summary>As an origin: a whole bucket, so that keys may be as long as they can be.</summary>
public sealed class S3OriginTests(RadosgwFixture server) : ChunkStoreSuite
{
    protected override async ValueTask<IChunkStore> CreateChunkStoreAsync() => new S3ZarrStore($"s3://{await server.NewBucketAsync()}", server.Options);
}

/// <summary>As the chunks of a cache: by the opener, below a prefix, which takes its share of the 1024 bytes of a name.</summary>
public sealed class S3ChunkStoreTests(RadosgwFixture server) : ChunkStoreSuite
{
    protected override int MaxKeyBytes => ZarrKey.MaxBytes - 64;

    protected override async ValueTask<IChunkStore> CreateChunkStoreAsync()
    {
        string place = await server.NewPlaceAsync();
        return S3ZarrStore.Opener(place + "/{store_id}.zarr", new S3StoreOptions { AccessKeyId = Radosgw.AccessKey, SecretAccessKey = Radosgw.SecretKey, Endpoint = server.Server.Endpoint, LastModified = false })
            .Open("Store/1");
    }
}

/// <summary>Under an index in memory.</summary>
public sealed class S3UnderMemoryIndexTests(RadosgwFixture server) : PersistentCacheStorageSuite
{
    private MemoryStoreIndex? _index;
    private StoreOpener? _opener;

    protected override long Histories => 10;

    protected override async ValueTask<ICacheStorage> CreateAsync(long maxSize)
    {
        _index = new MemoryStoreIndex();
        _opener = await server.NewOpenerAsync();
        return await ReopenAsync(maxSize);
    }

    protected override ValueTask<ICacheStorage> ReopenAsync(long maxSize) => new(new IndexedCacheStorage(_index!, _opener!, maxSize));
}
