using System.Globalization;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Sqlite;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Benchmarks.Suite;

/// <summary>A small cache that is full, over an origin in which every key is new: each read is a miss and evicts.</summary>
internal sealed class MissingCache : IAsyncDisposable
{
    private const int Values = 64;

    private readonly ScratchDirectory _scratch = new();
    private readonly SqliteStoreIndex _index;
    private readonly IndexedCacheStorage _storage;
    private readonly EndlessOrigin _origin;
    private readonly PlainFiles _files;
    private readonly byte[] _value;
    private int _key;
    private int _file;

    private MissingCache(int size)
    {
        _value = new byte[size];
        Random.Shared.NextBytes(_value);
        _origin = new EndlessOrigin(_value);
        _index = new SqliteStoreIndex(_scratch["index.db"]);
        _storage = new IndexedCacheStorage(
            _index,
            FileSystemStore.Opener(_scratch["{store_id}.zarr"]),
            new IndexedCacheStorageOptions { MaxSize = (long)size * Values, WhenQueueFull = QueueFullMode.Wait });
        Store = new CachedStore(_origin, "missing", _storage);
        Directory.CreateDirectory(_scratch["by-hand"]);
        _files = new PlainFiles(_scratch["by-hand"]);
    }

    public CachedStore Store { get; }

    public static async Task<MissingCache> CreateAsync(int size)
    {
        var cache = new MissingCache(size);
        await cache._origin.FillAsync();
        for (int i = 0; i < Values; i++)
        {
            await cache.Store.GetBytesAsync(cache.NextKey());
            await cache._files.WriteAsync(cache.FileName(cache._file++), cache._value);
        }

        await cache.FlushAsync();
        return cache;
    }

    public string NextKey() => string.Create(CultureInfo.InvariantCulture, $"u/c/{Interlocked.Increment(ref _key)}");

    public ValueTask FlushAsync() => _storage.FlushAsync(CancellationToken.None);

    public async ValueTask WriteByHandAsync(byte[] buffer)
    {
        _value.CopyTo(buffer, 0);
        int number = Interlocked.Increment(ref _file);
        await _files.WriteAsync(FileName(number), buffer);
        await _files.EraseAsync(FileName(number - Values));
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        await _storage.DisposeAsync();
        await _index.DisposeAsync();
        _scratch.Dispose();
    }

    private string FileName(int number) => number.ToString(CultureInfo.InvariantCulture);
}
