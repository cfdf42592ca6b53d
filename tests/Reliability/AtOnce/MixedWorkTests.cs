using System.Collections.Concurrent;
using Xunit;
using ZarrCache.Index.Sqlite;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Reliability;

/// <summary>Many hands on one cache of SQLite and files, held against the history of the origin.</summary>
public sealed class MixedWorkTests : IDisposable
{
    private const int Tasks = 8;
    private const long MaxSize = 512 * 1024;
    private static readonly string[] Keys = [.. Enumerable.Range(0, 64).Select(i => $"{(i % 2 == 0 ? "u" : "v")}/c/{i}")];

    /// <summary>Keys that nobody writes and whose readers do not give up: the origin is asked for one of them once at a time.</summary>
    private static readonly string[] ReadOnlyKeys = [.. Enumerable.Range(0, 16).Select(i => $"w/c/{i}")];

    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(10);

    /// <summary>The version of each key that a write which has returned gave it: nobody who begins to read then gets an older one.</summary>
    private static readonly ConcurrentDictionary<(HistoryOrigin Origin, string Key), long> Completed = new();

    private readonly string _directory = Directory.CreateTempSubdirectory("zarr-cache-mixed-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public async Task Mixed_operations_of_eight_tasks_give_no_wrong_byte_keep_the_budget_and_fetch_once_at_a_time(int seed, bool sweptBefore)
    {
        var origin = new HistoryOrigin("s", seed);
        foreach (string key in ReadOnlyKeys)
        {
            await origin.SetAsync(key, origin.Content(key, 1), Ct);
        }

        await using (var index = new SqliteStoreIndex(Path.Combine(_directory, "index.db")))
        await using (var storage = new IndexedCacheStorage(index, Opener(), new IndexedCacheStorageOptions { MaxSize = MaxSize, QueueSize = 128 * 1024 }))
        await using (var store = new CachedStore(origin, "s", storage))
        {
            if (sweptBefore)
            {
                await storage.SweepCompletion.WaitAsync(Watchdog, Ct);
            }

            Task[] hands = [.. Enumerable.Range(0, Tasks).Select(hand => Task.Run(() => WorkAsync(store, storage, origin, hand, seed), Ct))];
            await Task.WhenAll(hands).WaitAsync(Watchdog, Ct);
            await storage.FlushAsync(Ct);
            IndexTotals totals = await storage.GetTotalsAsync(null, Ct);
            Assert.InRange(totals.AllocatedBytes, 1, MaxSize);
            Assert.All(ReadOnlyKeys, key => Assert.Equal(1, origin.MostAtOnce(key)));

            // Now that nobody writes, every key is read as the origin has it: nothing stale has stayed.
            foreach (string key in Keys)
            {
                long? version;
                do
                {
                    version = await TryReadAsync(store, origin, key, ByteRange.All);
                }
                while (version is null);
                Assert.Equal(origin.VersionOf(key), version);
            }
        }

        await using var again = new SqliteStoreIndex(Path.Combine(_directory, "index.db"));
        await using var reopened = new IndexedCacheStorage(again, Opener(), MaxSize);
        if (sweptBefore)
        {
            Assert.Equal(IndexCondition.Clean, again.Condition);
        }

        await reopened.SweepCompletion.WaitAsync(Watchdog, Ct); // the first may have been too busy to end
        CacheCheckReport report = await reopened.CheckAsync(new CacheCheckOptions { VerifyBytes = true, MinimumAge = TimeSpan.Zero }, null, Ct);
        Assert.True(report.IsClean, report.ToString());
    }

    private StoreOpener Opener() => FileSystemStore.Opener(Path.Combine(_directory, "{store_id}.zarr"));

    private static async Task WorkAsync(CachedStore store, IndexedCacheStorage storage, HistoryOrigin origin, int hand, int seed)
    {
        var random = new Random((seed * 100) + hand);
        for (int step = 1; step <= Counts.AtOnce / Tasks; step++)
        {
            string key = Keys[random.Next(Keys.Length)];
            switch (random.Next(100))
            {
                case < 10:
                    await TryReadAsync(store, origin, ReadOnlyKeys[random.Next(ReadOnlyKeys.Length)], ByteRange.All);
                    break;
                case < 50:
                    await TryReadAsync(store, origin, key, ByteRange.All);
                    break;
                case < 55:
                    await ReadSlowlyAsync(store, origin, key);
                    break;
                case < 70:
                    await TryReadAsync(store, origin, key, ByteRange.Slice(random.Next(8), 1 + random.Next(2000)));
                    break;
                case < 80:
                    await TryReadAsync(store, origin, key, ByteRange.Suffix(1 + random.Next(3000)));
                    break;
                case < 90:
                    string own = Keys[(random.Next(Keys.Length / Tasks) * Tasks) + hand];
                    await store.SetAsync(own, origin.Content(own, step), Ct);
                    Completed[(origin, own)] = step;
                    break;
                case < 94:
                    await GiveUpAsync(store, key);
                    break;
                case < 97:
                    await storage.DeleteAsync("s", key, Ct);
                    break;
                case < 98:
                    await storage.DeletePrefixAsync("s", "u/", Ct);
                    break;
                case < 99:
                    await storage.CloseStoreAsync("s", Ct);
                    break;
                default:
                    await storage.FlushAsync(Ct);
                    break;
            }

            Assert.InRange((await storage.GetTotalsAsync(null, Ct)).AllocatedBytes, 0, MaxSize);
        }
    }

    /// <summary>An answer that has begun goes on in the version that it began with, whatever is evicted or written meanwhile; or it breaks off, if the rest has to be fetched and is another version by now.</summary>
    private static async Task ReadSlowlyAsync(CachedStore store, HistoryOrigin origin, string key)
    {
        byte[] bytes;
        try
        {
            await using ReadResult result = await store.GetAsync(key, default, Ct);
            bytes = new byte[result.Length];
            for (int position = 0; position < bytes.Length; position += 500)
            {
                await result.ReadAsync(bytes.AsMemory(position, Math.Min(500, bytes.Length - position)), Ct);
                await Task.Yield();
            }
        }
        catch (StoreException exception) when (exception is not (RangeNotSatisfiableException or CorruptEntryException))
        {
            return;
        }

        Assert.True(bytes.Length == 0 || origin.Recognize(key, bytes, ByteRange.All) > 0, $"'{key}' was read as no version of it.");
    }

    /// <summary>Reads, and holds the bytes against the history.</summary>
    /// <returns>The version read, 0 if there is none; null if the origin failed or the object changed.</returns>
    private static async Task<long?> TryReadAsync(CachedStore store, HistoryOrigin origin, string key, ByteRange range)
    {
        long atLeast = Completed.GetValueOrDefault((origin, key));
        byte[]? bytes;
        try
        {
            bytes = await store.GetBytesAsync(key, range, Ct);
        }
        catch (StoreException exception) when (exception is not (RangeNotSatisfiableException or CorruptEntryException))
        {
            return null;
        }

        long version = bytes is null ? 0 : origin.Recognize(key, bytes, range);
        Assert.True(version >= atLeast, $"'{key}' {range} was read in version {version}; {atLeast} had been written before.");
        return version;
    }

    private static async Task GiveUpAsync(CachedStore store, string key)
    {
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        Task<byte[]?> read = store.GetBytesAsync(key, ct: impatient.Token).AsTask();
        await impatient.CancelAsync();
        try
        {
            await read;
        }
        catch (Exception exception) when (exception is OperationCanceledException or StoreException)
        {
            Assert.False(Ct.IsCancellationRequested);
        }
    }
}
