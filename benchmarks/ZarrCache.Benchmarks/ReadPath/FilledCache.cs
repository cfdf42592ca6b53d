using ZarrCache.Benchmarks.Harness;
using ZarrCache.Benchmarks.Sqlite;
using ZarrCache.Index.Sqlite;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Benchmarks.ReadPath;

/// <summary>The embedded default, SQLite and file system, with some values to be hit beside many other keys in the index.</summary>
internal sealed class FilledCache : IAsyncDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly SqliteStoreIndex _index;
    private readonly IndexedCacheStorage _storage;
    private readonly MemoryStore _origin = new();

    public FilledCache()
    {
        _index = new SqliteStoreIndex(_scratch["index.db"]);
        _storage = new IndexedCacheStorage(
            _index, FileSystemStore.Opener(_scratch["{store_id}.zarr"]), new IndexedCacheStorageOptions { MaxSize = 1L << 40, WhenQueueFull = QueueFullMode.Wait });
        Store = new CachedStore(_origin, "hit", _storage);
    }

    public CachedStore Store { get; }

    /// <summary>Puts entries into the index that nobody asks for.</summary>
    public async Task AddOtherKeysAsync(int count)
    {
        const int Batch = 10_000;
        var entries = new IndexEntry[Batch];
        for (int i = 0; i < count; i += Batch)
        {
            for (int j = 0; j < Batch; j++)
            {
                entries[j] = Entries.Make(i + j);
            }

            await _index.PushManyAsync(entries, CancellationToken.None);
        }
    }

    /// <summary>Caches values of one size through the store, and names their keys and their files.</summary>
    public async Task<(string[] Keys, string[] Files)> CacheAsync(int count, int size)
    {
        var value = new byte[size];
        string[] keys = [.. Enumerable.Range(0, count).Select(i => $"{size}/c/{i}")];
        foreach (string key in keys)
        {
            Random.Shared.NextBytes(value);
            await _origin.SetAsync(key, value);
            await Store.GetBytesAsync(key);
            await _origin.EraseAsync(key);
        }

        await _storage.FlushAsync(CancellationToken.None);
        return (keys, [.. keys.Select(key => Path.Combine(_scratch["hit.zarr"], key))]);
    }

    /// <summary>Caches parts of one size of one object through the store, and names them and their files.</summary>
    public async Task<((string Key, ByteRange Range)[] Parts, string[] Files)> CachePartsAsync(int count, int size)
    {
        var value = new byte[count * size];
        Random.Shared.NextBytes(value);
        string key = $"shard-{size}";
        await _origin.SetAsync(key, value);
        ByteRange[] ranges = [.. Enumerable.Range(0, count).Select(i => ByteRange.Slice((long)i * size, size))];
        foreach (ByteRange range in ranges)
        {
            await Store.GetBytesAsync(key, range);
        }

        await _storage.FlushAsync(CancellationToken.None);
        string[] files = Directory.GetFiles(Path.Combine(_scratch["hit.zarr"], "__parts__", "p"), $"{key}@*");
        return files.Length == count
            ? ([.. ranges.Select(range => (key, range))], files)
            : throw new InvalidOperationException($"{files.Length} parts lie on the disk instead of {count}.");
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        await _storage.DisposeAsync();
        await _index.DisposeAsync();
        _scratch.Dispose();
    }
}
