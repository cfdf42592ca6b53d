using ZarrCache.Conformance;

namespace ZarrCache.Index.Faster.Tests;

public sealed class FasterStoreIndexConformance : PersistentStoreIndexSuite
{
    private readonly TemporaryDirectory _directory = new();
    private int _made;

    protected override ValueTask<IStoreIndex> CreateAsync(EvictionPolicy policy, TimeProvider time)
    {
        _made++;
        return ReopenAsync(policy, time);
    }

    protected override ValueTask<IStoreIndex> ReopenAsync(EvictionPolicy policy, TimeProvider time) =>
        new(new FasterStoreIndex(_directory[$"{_made}"], new FasterStoreIndexOptions { Policy = policy, TimeProvider = time, ExpectedKeys = 10_000, LogMemoryBytes = 4 << 20 }));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _directory.Dispose();
    }
}
