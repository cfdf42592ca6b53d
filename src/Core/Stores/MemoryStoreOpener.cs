using System.Collections.Concurrent;

namespace ZarrCache;

internal sealed class MemoryStoreOpener(TimeProvider? timeProvider) : StoreOpener
{
    private readonly ConcurrentDictionary<string, MemoryStore> _stores = new(StringComparer.Ordinal);

    public override IChunkStore Open(string storeId)
    {
        ZarrKey.ValidateStoreId(storeId);
        return _stores.GetOrAdd(storeId, static (_, time) => new MemoryStore(time), timeProvider);
    }

    public override IAsyncEnumerable<string> ListStoresAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return _stores.Where(store => !store.Value.IsEmpty).Select(store => store.Key).ToAsyncEnumerable();
    }
}
