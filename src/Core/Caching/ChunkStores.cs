using System.Buffers;
using System.Collections.Concurrent;

namespace ZarrCache;

/// <summary>The opened chunk storages of a cache, one for each store, and the files of entries in them.</summary>
internal sealed class ChunkStores(StoreOpener opener) : IAsyncDisposable
{
    /// <summary>How often a call is begun again when its store is closed under it.</summary>
    private const int Attempts = 10;

    private readonly ConcurrentDictionary<string, IChunkStore> _stores = new(StringComparer.Ordinal);

    /// <summary>Opened at the same time as one that is used instead, to be closed with the others.</summary>
    private readonly ConcurrentQueue<IChunkStore> _surplus = new();
    private volatile bool _disposed;

    /// <summary>The chunk storage of a store, opened at the first call. No lock is held meanwhile, so that two may open it at once: one of them is used.</summary>
    public IChunkStore this[string storeId]
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(IndexedCacheStorage));
            if (_stores.TryGetValue(storeId, out IChunkStore? store))
            {
                return store;
            }

            IChunkStore opened = opener.Open(storeId);
            IChunkStore used = _stores.GetOrAdd(storeId, opened);
            if (!ReferenceEquals(used, opened))
            {
                _surplus.Enqueue(opened);
            }

            return used;
        }
    }

    /// <summary>The chunk storage of a store, for one who works with it for long and must not lose it when the store is closed; the caller disposes of it.</summary>
    public IChunkStore OpenApart(string storeId) => opener.Open(storeId);

    /// <summary>How many values are best written or erased at once.</summary>
    public int ConcurrentWrites => opener.ConcurrentWrites;

    /// <summary>The ids of the stores that hold anything.</summary>
    public IAsyncEnumerable<string> ListAsync(CancellationToken ct) => opener.ListStoresAsync(ct);

    /// <summary>Removes old temporary files that lie in no store.</summary>
    public ValueTask<RemovedTemporaries> RemoveTemporariesAsync(TimeSpan age, CancellationToken ct) => opener.RemoveTemporariesAsync(age, ct);

    /// <summary>What the bytes of an entry take up on their medium.</summary>
    public long GetAllocatedSize(IndexEntry entry) => entry.Size == 0 ? 0 : this[entry.StoreId].GetAllocatedSize(entry.Size);

    /// <summary>Begins a read of an entry's bytes, or of its headers alone.</summary>
    /// <remarks>Here and below: from the store as it is opened again, if it was closed just now.</remarks>
    public async ValueTask<ReadResult> GetAsync(IndexEntry entry, ReadOptions read, CancellationToken ct)
    {
        string key = ChunkLayout.GetChunkKey(entry);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await this[entry.StoreId].GetAsync(key, read, ct).ConfigureAwait(false);
            }
            catch (ObjectDisposedException) when (!_disposed && attempt < Attempts)
            {
                // it was closed under us; the next round opens it again
            }
        }
    }

    /// <summary>Writes an entry's bytes and the record that vouches for them.</summary>
    public ValueTask<ObjectInfo> SetAsync(IndexEntry entry, ReadOnlySequence<byte> bytes, CancellationToken ct) =>
        RunAsync(entry.StoreId, store => store.SetAsync(ChunkLayout.GetChunkKey(entry), bytes, EntryRecord.Write(entry), ct));

    /// <summary>Removes an entry's bytes.</summary>
    public ValueTask EraseAsync(IndexEntry entry, CancellationToken ct) =>
        RunAsync(entry.StoreId, store => store.DiscardAsync(ChunkLayout.GetChunkKey(entry), ct));

    /// <summary>Removes all bytes below a prefix of chunk keys.</summary>
    public ValueTask ErasePrefixAsync(string storeId, string prefix, CancellationToken ct) =>
        RunAsync(storeId, store => store.ErasePrefixAsync(prefix, ct));

    /// <summary>The parts of a key whose bytes lie there, as their names tell. O(parts of the keys beside it).</summary>
    public ValueTask<List<IndexEntry>> ListPartsAsync(string storeId, string key, CancellationToken ct) =>
        RunAsync(storeId, async store =>
        {
            var parts = new List<IndexEntry>();
            string prefix = ChunkLayout.GetPartsPrefix(key);
            if (ChunkLayout.Fits(prefix))
            {
                await foreach (string chunkKey in store.ListDirAsync(prefix, ct).ConfigureAwait(false))
                {
                    if (ChunkLayout.TryParse(chunkKey, out EntryKind kind, out string of, out long offset, out long version) && kind == EntryKind.Part && of == key)
                    {
                        parts.Add(new IndexEntry { StoreId = storeId, Key = key, Kind = kind, Offset = offset, Version = version });
                    }
                }
            }

            return parts;
        });

    private async ValueTask RunAsync(string storeId, Func<IChunkStore, ValueTask> operation) =>
        await RunAsync(
            storeId,
            async store =>
            {
                await operation(store).ConfigureAwait(false);
                return true;
            }).ConfigureAwait(false);

    private async ValueTask<T> RunAsync<T>(string storeId, Func<IChunkStore, ValueTask<T>> operation)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await operation(this[storeId]).ConfigureAwait(false);
            }
            catch (ObjectDisposedException) when (!_disposed && attempt < Attempts)
            {
                // as above
            }
        }
    }

    /// <summary>Closes one store; the next call opens it again.</summary>
    public ValueTask CloseAsync(string storeId) =>
        _stores.TryRemove(storeId, out IChunkStore? store) ? store.DisposeAsync() : ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        foreach (string storeId in _stores.Keys)
        {
            await CloseAsync(storeId).ConfigureAwait(false);
        }

        while (_surplus.TryDequeue(out IChunkStore? store))
        {
            await store.DisposeAsync().ConfigureAwait(false);
        }
    }
}
