using ZarrCache.Index.Sqlite;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Peers.Clients;

/// <summary>ZarrCache as it is used: a value is set by being missed, and read verified into the caller's memory.</summary>
internal sealed class ZarrCacheValues : PeerClient
{
    private readonly MemoryStore _origin = new();
    private readonly IStoreIndex _index;
    private readonly IndexedCacheStorage _storage;
    private readonly CachedStore _store;
    private byte[] _destination = [];

    private ZarrCacheValues(IStoreIndex index, StoreOpener opener)
    {
        _index = index;
        _storage = new IndexedCacheStorage(index, opener, new IndexedCacheStorageOptions { MaxSize = 8L << 30, WhenQueueFull = QueueFullMode.Wait });
        _store = new CachedStore(_origin, "peers", _storage);
    }

    public override bool KeepsRecords => false;

    public static Task<IPeerClient> OpenAsync(string directory) =>
        Task.FromResult<IPeerClient>(new ZarrCacheValues(new SqliteStoreIndex(Path.Combine(directory, "index.db")), FileSystemStore.Opener(Path.Combine(directory, "{store_id}.zarr"))));

    public static Task<IPeerClient> OpenMemoryAsync(string directory) =>
        Task.FromResult<IPeerClient>(new ZarrCacheValues(new MemoryStoreIndex(), MemoryStore.Opener()));

    public override async ValueTask SetAsync(string key, byte[] value)
    {
        await _origin.SetAsync(key, value);
        await GetAsync(key);
        await _origin.EraseAsync(key);
    }

    public override async ValueTask<int> GetAsync(string key)
    {
        await using ReadResult result = await _store.GetAsync(key, default, CancellationToken.None);
        int length = (int)result.Length;
        if (_destination.Length < length)
        {
            _destination = new byte[length];
        }

        await result.ReadAsync(_destination.AsMemory(0, length), CancellationToken.None);
        return length;
    }

    public override ValueTask FlushAsync() => _storage.FlushAsync(CancellationToken.None);

    public override async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _storage.DisposeAsync();
        await _index.DisposeAsync();
    }
}
