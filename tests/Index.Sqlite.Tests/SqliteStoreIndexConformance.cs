using ZarrCache.Conformance;

namespace ZarrCache.Index.Sqlite.Tests;

public sealed class SqliteStoreIndexConformance : PersistentStoreIndexSuite
{
    private readonly TemporaryDirectory _directory = new();
    private int _made;

    protected override ValueTask<IStoreIndex> CreateAsync(EvictionPolicy policy, TimeProvider time)
    {
        _made++;
        return ReopenAsync(policy, time);
    }

    protected override ValueTask<IStoreIndex> ReopenAsync(EvictionPolicy policy, TimeProvider time) =>
        new(new SqliteStoreIndex(_directory[$"{_made}.db"], new SqliteStoreIndexOptions { Policy = policy, TimeProvider = time }));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _directory.Dispose();
    }
}
