using ZarrCache.Conformance;

namespace ZarrCache.Core.Tests;

public sealed class MemoryStoreIndexConformanceTests : StoreIndexSuite
{
    protected override long Histories => 400;

    protected override ValueTask<IStoreIndex> CreateAsync(EvictionPolicy policy, TimeProvider time) => new(new MemoryStoreIndex(policy));
}
