using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace ZarrCache;

/// <summary>
/// Holds files against rows and rows against files. It is the sweep after an unclean stop, the rebuilding of a lost
/// index and <c>verify</c> alike. Works beside readers and writers: whatever seems wrong is looked at again with the
/// key's gate held before it is touched. O(files + rows); memory does not grow with either.
/// </summary>
internal sealed class CacheCheck(IStoreIndex index, ChunkStores stores, KeyGates gates, CacheWriter writer, Takeovers takeovers, TimeProvider time)
{
    private const int Parallelism = 16;

    /// <summary>How often files are looked at again that could not be taken over while something was evicted or deleted.</summary>
    private const int Rounds = 100;

    public async Task<CacheCheckReport> RunAsync(CacheCheckOptions options, Action<CacheFinding>? found, CancellationToken ct)
    {
        var sums = new CacheCheckSums();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = ct };
        foreach (string storeId in await ListStoresAsync(options.StoreId, ct).ConfigureAwait(false))
        {
            IChunkStore store = stores.OpenApart(storeId);
            await using (store.ConfigureAwait(false))
            {
                var run = new StoreRun(this, options, found, sums, storeId, store);
                await Parallel.ForEachAsync(store.ScanAsync(ct), parallel, run.CheckFileAsync).ConfigureAwait(false);
                await run.CheckDisturbedAsync(ct).ConfigureAwait(false);
                await Parallel.ForEachAsync(RowsAsync(storeId, ct), parallel, run.CheckRowAsync).ConfigureAwait(false);
                if (options.Repair)
                {
                    sums.AddTemporaries(await store.RemoveTemporariesAsync(options.MinimumAge, ct).ConfigureAwait(false));
                }
            }
        }

        if (options.Repair && options.StoreId is null)
        {
            sums.AddTemporaries(await stores.RemoveTemporariesAsync(options.MinimumAge, ct).ConfigureAwait(false));
        }

        return sums.Report;
    }

    private async Task<IReadOnlyCollection<string>> ListStoresAsync(string? only, CancellationToken ct)
    {
        if (only is not null)
        {
            return [only];
        }

        var ids = new SortedSet<string>(await index.ListStoresAsync(ct).ConfigureAwait(false), StringComparer.Ordinal);
        await foreach (string storeId in stores.ListAsync(ct).ConfigureAwait(false))
        {
            ids.Add(storeId);
        }

        return ids;
    }

    private async IAsyncEnumerable<IndexEntry> RowsAsync(string storeId, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (IndexEntry entry in index.EnumerateAsync(new IndexQuery(storeId), ct).ConfigureAwait(false))
        {
            if (entry.Kind != EntryKind.Absent)
            {
                yield return entry;
            }
        }
    }

    /// <summary>The check of one store, with a chunk storage of its own: who closes the store meanwhile does not break it off.</summary>
    private sealed class StoreRun(CacheCheck check, CacheCheckOptions options, Action<CacheFinding>? found, CacheCheckSums sums, string storeId, IChunkStore store)
    {
        private ConcurrentQueue<StoredObject>? _disturbed = new();

        public async ValueTask CheckFileAsync(StoredObject file, CancellationToken ct)
        {
            Interlocked.Increment(ref sums.Files);
            try
            {
                await JudgeFileAsync(file, ct).ConfigureAwait(false);
            }
            catch (StoreException exception)
            {
                // One file that its medium will not give up must not keep the others from being looked at.
                Interlocked.Increment(ref sums.Unreadable);
                found?.Invoke(new CacheFinding(CacheFindingKind.Unreadable, storeId, file.Key, exception.Message));
            }
        }

        /// <summary>Looks again, one by one, at the files that evictions and deletes kept from being taken over: those pass sooner than the next sweep comes. What is disturbed to the end is young.</summary>
        public async Task CheckDisturbedAsync(CancellationToken ct)
        {
            for (int round = 1; _disturbed is { IsEmpty: false } disturbed; round++)
            {
                _disturbed = round < Rounds ? new() : null;
                foreach (StoredObject file in disturbed)
                {
                    await check.Queue.WhenEvicted().WaitAsync(ct).ConfigureAwait(false);
                    Interlocked.Decrement(ref sums.Files);
                    await CheckFileAsync(file, ct).ConfigureAwait(false);
                }
            }
        }

        private async ValueTask JudgeFileAsync(StoredObject file, CancellationToken ct)
        {
            bool named = ChunkLayout.TryParse(file.Key, out EntryKind kind, out string key, out long offset, out long version);
            var place = new EntryKey(storeId, key, kind == EntryKind.Part ? offset : EntryKey.Whole);
            if (named && Owns(await check.Index.FindAsync(place, ct).ConfigureAwait(false), kind, version))
            {
                return;
            }

            using KeyGates.Holder gate = await check.Gates.EnterAsync(storeId, key, ct).ConfigureAwait(false);
            IndexEntry? row = named ? await check.Index.FindAsync(place, ct).ConfigureAwait(false) : null;
            if (named && Owns(row, kind, version))
            {
                return;
            }

            bool? adopted = named && row is null ? await AdoptAsync(key, kind, file, ct).ConfigureAwait(false) : false;
            if (adopted == true)
            {
                Interlocked.Increment(ref sums.Adopted);
                found?.Invoke(new CacheFinding(CacheFindingKind.Adopted, storeId, key, "taken over by its record"));
                return;
            }

            if (adopted is null && _disturbed is { } disturbed)
            {
                disturbed.Enqueue(file);
                return;
            }

            if (adopted is null || check.Time.GetUtcNow() - file.WrittenAt < options.MinimumAge)
            {
                Interlocked.Increment(ref sums.Young);
                sums.SeeYoung(adopted is null ? DateTimeOffset.MinValue : file.WrittenAt);
                return;
            }

            Interlocked.Increment(ref sums.Orphans);
            Interlocked.Add(ref sums.OrphanBytes, file.Size);
            found?.Invoke(new CacheFinding(CacheFindingKind.Orphan, storeId, named ? key : file.Key, $"a file of {file.Size} bytes without a row"));
            if (options.Repair)
            {
                await store.DiscardAsync(file.Key, ct).ConfigureAwait(false);
            }
        }

        public async ValueTask CheckRowAsync(IndexEntry row, CancellationToken ct)
        {
            Interlocked.Increment(ref sums.Rows);
            if (await FindFaultAsync(row, ct).ConfigureAwait(false) is null)
            {
                return;
            }

            using KeyGates.Holder gate = await check.Gates.EnterAsync(row.StoreId, row.Key, ct).ConfigureAwait(false);
            if ((await check.Index.FindAsync(row.EntryKey, ct).ConfigureAwait(false))?.Version != row.Version
                || await FindFaultAsync(row, ct).ConfigureAwait(false) is not { } fault)
            {
                return;
            }

            Interlocked.Increment(ref fault.Kind == CacheFindingKind.Dangling ? ref sums.Dangling : ref fault.Kind == CacheFindingKind.Corrupt ? ref sums.Corrupt : ref sums.Unreadable);
            found?.Invoke(fault);
            if (options.Repair && fault.Kind != CacheFindingKind.Unreadable && await check.Index.DeleteAsync(row.EntryKey, row.Version, ct).ConfigureAwait(false) is not null)
            {
                await store.DiscardAsync(ChunkLayout.GetChunkKey(row), ct).ConfigureAwait(false);
            }
        }

        private static bool Owns(IndexEntry? row, EntryKind kind, long version) =>
            row is not null && row.Kind == kind && (kind != EntryKind.Part || row.Version == version);

        /// <summary>An index that is new, or lost its last writes, takes over a file, if its record vouches for it: never by hashing what lies there.</summary>
        /// <returns>Null if a prefix is deleted or something evicted meanwhile, and with it maybe this: rows first, then files. The next sweep takes over what is there then.</returns>
        private async ValueTask<bool?> AdoptAsync(string key, EntryKind kind, StoredObject file, CancellationToken ct)
        {
            if (!options.Repair || !check.Takeovers.ArePossible)
            {
                return false;
            }

            long? closings = check.Queue.GetClosings(storeId, key);
            ReadOnlyMemory<byte> record = await store.GetRecordAsync(file.Key, ct).ConfigureAwait(false);
            IndexEntry? entry = EntryRecord.Read(record.Span, storeId, key);
            if (entry is null || check.Distrusted.Contains(entry) || entry.Kind != kind || entry.Size != file.Size || ChunkLayout.GetChunkKey(entry) != file.Key)
            {
                return false;
            }

            if (entry.Kind == EntryKind.Part && !await IsDisjointAsync(entry, ct).ConfigureAwait(false))
            {
                return false;
            }

            if (closings is null)
            {
                return null;
            }

            if (entry.Kind == EntryKind.Value)
            {
                await RemovePartsAsync(entry, ct).ConfigureAwait(false);
            }

            await check.Index.PushAsync(entry with { AllocatedSize = check.Stores.GetAllocatedSize(entry) }, ct).ConfigureAwait(false);
            if (check.Queue.GetClosings(storeId, key) == closings)
            {
                return true;
            }

            await check.Index.DeleteAsync(entry.EntryKey, entry.Version, ct).ConfigureAwait(false);
            return null;
        }

        /// <summary>A part that lies where others have rows is what one of those had replaced, or was about to.</summary>
        private async ValueTask<bool> IsDisjointAsync(IndexEntry part, CancellationToken ct) =>
            await check.Index.FindAsync(new EntryKey(part.StoreId, part.Key), ct).ConfigureAwait(false) is null
            && (await check.Index.FindPartsAsync(part.StoreId, part.Key, part.Offset, part.Size, ct).ConfigureAwait(false)).Count == 0;

        /// <summary>A value takes the place of all parts, as it does when it is written.</summary>
        private async ValueTask RemovePartsAsync(IndexEntry value, CancellationToken ct)
        {
            foreach (IndexEntry part in await check.Index.FindPartsAsync(value.StoreId, value.Key, 0, long.MaxValue, ct).ConfigureAwait(false))
            {
                if (await check.Index.DeleteAsync(part.EntryKey, part.Version, ct).ConfigureAwait(false) is not null)
                {
                    await store.DiscardAsync(ChunkLayout.GetChunkKey(part), ct).ConfigureAwait(false);
                }
            }
        }

        private async ValueTask<CacheFinding?> FindFaultAsync(IndexEntry row, CancellationToken ct)
        {
            try
            {
                ReadResult stored = await store.GetAsync(ChunkLayout.GetChunkKey(row), new ReadOptions(HeadersOnly: !options.VerifyBytes), ct).ConfigureAwait(false);
                await using (stored.ConfigureAwait(false))
                {
                    if (stored.Status != ReadStatus.Found)
                    {
                        return new CacheFinding(CacheFindingKind.Dangling, row.StoreId, row.Key, "a row without a file");
                    }

                    if (stored.Info.Size != row.Size)
                    {
                        return new CacheFinding(CacheFindingKind.Corrupt, row.StoreId, row.Key, $"the file has {stored.Info.Size} bytes instead of {row.Size}");
                    }

                    int bad = options.VerifyBytes ? await FindBadBlockAsync(row, stored, ct).ConfigureAwait(false) : -1;
                    return bad < 0 ? null : new CacheFinding(CacheFindingKind.Corrupt, row.StoreId, row.Key, $"the check sum of block {bad} differs");
                }
            }
            catch (StoreException exception)
            {
                return new CacheFinding(CacheFindingKind.Unreadable, row.StoreId, row.Key, exception.Message);
            }
        }

        private static async ValueTask<int> FindBadBlockAsync(IndexEntry row, ReadResult stored, CancellationToken ct)
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(BlockChecksums.BlockSize, row.Size));
            try
            {
                for (int block = 0; stored.Remaining > 0; block++)
                {
                    Memory<byte> bytes = buffer.AsMemory(0, (int)Math.Min(BlockChecksums.BlockSize, stored.Remaining));
                    await stored.ReadAsync(bytes, ct).ConfigureAwait(false);
                    if (!row.Checksums.Verify(block, bytes.Span))
                    {
                        return block;
                    }
                }

                return -1;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private IStoreIndex Index => index;

    private ChunkStores Stores => stores;

    private KeyGates Gates => gates;

    private WriteQueue Queue => writer.Queue;

    private DistrustedEntries Distrusted => writer.Distrusted;

    private Takeovers Takeovers => takeovers;

    private TimeProvider Time => time;
}
