using ZarrCache.Conformance;

namespace ZarrCache.Core.Tests;

public sealed class MemoryCacheStorageConformanceTests : CacheStorageSuite
{
    protected override long Histories => 200;

    protected override ValueTask<ICacheStorage> CreateAsync(long maxSize) => new(new MemoryCacheStorage(maxSize));
}
