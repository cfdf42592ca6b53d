using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace ZarrCache.Core.Tests.Caching;

/// <summary>An origin, a cache in memory whose chunk stores a test can reach, and a cached store over both.</summary>
internal sealed class CacheFixture : IAsyncDisposable
{
    private readonly SharedOpener _opener;

    public CacheFixture(Func<IndexedCacheStorageOptions, IndexedCacheStorageOptions>? storageOptions = null, Func<CachedStoreOptions, CachedStoreOptions>? options = null, Func<IStoreIndex, IStoreIndex>? wrapIndex = null)
    {
        Origin = new ObservedOrigin(Time);
        _opener = new SharedOpener(Time);
        Index = wrapIndex?.Invoke(new MemoryStoreIndex()) ?? new MemoryStoreIndex();
        var defaults = new IndexedCacheStorageOptions { MaxSize = 1L << 30, TimeProvider = Time };
        Storage = new IndexedCacheStorage(Index, _opener, storageOptions?.Invoke(defaults) ?? defaults);
        var storeDefaults = new CachedStoreOptions { TimeProvider = Time };
        Store = new CachedStore(Origin, "s", Storage, options?.Invoke(storeDefaults) ?? storeDefaults);
    }

    public static CancellationToken Ct => TestContext.Current.CancellationToken;

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public ObservedOrigin Origin { get; }

    public IStoreIndex Index { get; }

    public IndexedCacheStorage Storage { get; }

    public CachedStore Store { get; }

    /// <summary>The chunk storage of the store: what a test damages.</summary>
    public TestChunkStore Chunks => (TestChunkStore)_opener.Open("s");

    /// <summary>A second cache on the same index and chunks, as another process has it: it knows nothing of what the first one knows. To be disposed of before the fixture.</summary>
    public IndexedCacheStorage OpenAgain() => new(Index, _opener, new IndexedCacheStorageOptions { MaxSize = 1L << 30, TimeProvider = Time, SweepWhenUnclean = false });

    public static byte[] Bytes(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Gives the origin a value.</summary>
    public async Task<byte[]> GiveAsync(string key, int length, int seed = 1)
    {
        byte[] value = Bytes(length, seed);
        await Origin.SetAsync(key, value, Ct);
        return value;
    }

    /// <summary>Gives the origin a value and reads it into the cache.</summary>
    public async Task<byte[]> WarmAsync(string key, int length, int seed = 1)
    {
        byte[] value = await GiveAsync(key, length, seed);
        Assert.Equal(value, await Store.GetBytesAsync(key, ct: Ct));
        await Storage.FlushAsync(Ct);
        return value;
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        await Storage.DisposeAsync();
        await Index.DisposeAsync();
        await Origin.DisposeAsync();
    }

    private sealed class SharedOpener(TimeProvider time) : StoreOpener
    {
        private readonly Dictionary<string, TestChunkStore> _stores = [];

        public override IChunkStore Open(string storeId)
        {
            lock (_stores)
            {
                return _stores.TryGetValue(storeId, out TestChunkStore? store) ? store : _stores[storeId] = new TestChunkStore(new MemoryStore(time));
            }
        }

        public override async IAsyncEnumerable<string> ListStoresAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
        {
            await Task.CompletedTask;
            foreach (string id in _stores.Keys.ToList())
            {
                yield return id;
            }
        }
    }
}
