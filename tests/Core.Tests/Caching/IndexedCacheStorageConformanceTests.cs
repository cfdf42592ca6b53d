using ZarrCache.Conformance;

namespace ZarrCache.Core.Tests;

public sealed class IndexedCacheStorageConformanceTests : PersistentCacheStorageSuite
{
    private MemoryStoreIndex? _index;
    private StoreOpener? _opener;

    protected override long Histories => 200;

    protected override ValueTask<ICacheStorage> CreateAsync(long maxSize)
    {
        _index = new MemoryStoreIndex();
        _opener = MemoryStore.Opener();
        return ReopenAsync(maxSize);
    }

    protected override ValueTask<ICacheStorage> ReopenAsync(long maxSize) => new(new IndexedCacheStorage(_index!, _opener!, maxSize));
}
