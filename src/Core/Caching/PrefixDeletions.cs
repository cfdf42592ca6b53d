using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ZarrCache;

/// <summary>
/// Deletes all that is cached below a prefix: rows, then bytes. Where one fails the prefix is distrusted, the bytes that may be left
/// count against the budget, and the deletion is begun again before anything is written next, until all is gone. Thread-safe.
/// </summary>
internal sealed partial class PrefixDeletions(IStoreIndex index, ChunkStores stores, DistrustedEntries distrusted, RoomMaker room, WriteQueue queue, ILogger logger)
{
    private readonly ILogger _logger = logger;

    /// <summary>Deletions that are not done, with the bytes of rows that are gone already.</summary>
    private readonly ConcurrentDictionary<(string StoreId, string Prefix), long> _unfinished = new();

    /// <summary>Deletes all below a prefix that is closed in the queue.</summary>
    /// <returns>What its rows amounted to.</returns>
    /// <exception cref="ZarrCacheException">Rows or bytes are left.</exception>
    public async ValueTask<IndexTotals> DeleteAsync(string storeId, string prefix, CancellationToken ct)
    {
        IndexTotals removed = default;
        bool isDone = false;
        try
        {
            try
            {
                removed = await index.DeletePrefixAsync(storeId, prefix, ct).ConfigureAwait(false);
            }
            finally
            {
                // Of rows that are left, too: a row without bytes is a miss, for whoever opens the cache after this process as well.
                foreach (string chunkPrefix in ChunkLayout.GetChunkPrefixes(prefix))
                {
                    await stores.ErasePrefixAsync(storeId, chunkPrefix, ct).ConfigureAwait(false);
                }
            }

            isDone = true;
            return removed;
        }
        finally
        {
            if (isDone)
            {
                Finish(storeId, prefix);
            }
            else
            {
                distrusted.AddPrefix(storeId, prefix);
                _unfinished.AddOrUpdate((storeId, prefix), removed.AllocatedBytes, (_, before) => before + removed.AllocatedBytes);
                room.AddUndeleted(removed.AllocatedBytes);
            }
        }
    }

    /// <summary>
    /// Begins again what is not done. To be called by the one who prepares what is to be written: nothing else is being written
    /// below these prefixes then, since all that was begun before the deletion was waited for, and nothing below them is prepared until it is done.
    /// </summary>
    public async ValueTask RetryAsync()
    {
        foreach (((string StoreId, string Prefix) place, _) in _unfinished)
        {
            queue.BeginEviction(); // a sweep takes nothing over meanwhile
            try
            {
                await DeleteAsync(place.StoreId, place.Prefix, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is ZarrCacheException or ObjectDisposedException)
            {
                LogUnfinished(exception, place.StoreId, place.Prefix);
            }
            finally
            {
                queue.EndEviction();
            }
        }
    }

    private void Finish(string storeId, string prefix)
    {
        if (_unfinished.TryRemove((storeId, prefix), out long undeleted))
        {
            room.AddUndeleted(-undeleted);
            distrusted.RemovePrefix(storeId, prefix);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What is cached of store '{StoreId}' below '{Prefix}' could not all be removed; none of it is served, and it is tried again.")]
    private partial void LogUnfinished(Exception exception, string storeId, string prefix);
}
