using Xunit;
using ZarrCache.Index.Sqlite;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Reliability;

/// <summary>A cache in a directory whose processes are killed, and what must hold of it after each.</summary>
internal sealed class KilledCache : IDisposable
{
    /// <summary>The cache's root has a directory about it, in which nothing else may appear.</summary>
    private readonly string _around = Directory.CreateTempSubdirectory("zarrcache-killed-").FullName;

    public string Root => Path.Combine(_around, "root");

    /// <summary>Values found in the cache as a killed process left them, over all checks.</summary>
    public long Hits { get; private set; }

    /// <summary>Reads as the oracle has them, over all checks.</summary>
    public long Reads { get; private set; }

    /// <summary>How often the index had not been closed.</summary>
    public int Unclean { get; private set; }

    public void Dispose() => Directory.Delete(_around, recursive: true);

    /// <summary>Opens the cache, reads all keys at once, waits for the sweep, and holds rows, totals and files against each other.</summary>
    public async Task CheckAsync(int run, CancellationToken ct)
    {
        MakeOld();
        await using var index = new SqliteStoreIndex(Path.Combine(Root, "index.db"));
        IndexCondition condition = index.Condition;
        Unclean += condition == IndexCondition.Clean ? 0 : 1;
        StoreOpener opener = FileSystemStore.Opener(Path.Combine(Root, "{store_id}.zarr"));
        await using var storage = new IndexedCacheStorage(index, opener, Workload.MaxSize);
        await ReadAllAsync(storage, run, ct);
        await storage.SweepCompletion.WaitAsync(ct);
        await storage.FlushAsync(ct);

        CacheCheckReport report = await storage.CheckAsync(new CacheCheckOptions { VerifyBytes = true, MinimumAge = TimeSpan.Zero }, null, ct);
        Assert.True(report.IsClean, report.ToString());
        Assert.Equal(report.Rows, report.Files);
        IndexTotals totals = await storage.GetTotalsAsync(null, ct);
        List<IndexEntry> entries = await index.EnumerateAsync(new IndexQuery(), ct).ToListAsync(ct);
        Assert.Equal((entries.Count, entries.Sum(e => e.Size), entries.Sum(e => e.AllocatedSize)), (totals.Count, totals.Bytes, totals.AllocatedBytes));
        Assert.InRange(totals.AllocatedBytes, 0, Workload.MaxSize);
        string[] temporaries = Directory.GetFiles(Root, ".zarrcache-tmp-*", SearchOption.AllDirectories);
        Assert.True(temporaries.Length == 0, $"After run {run}, found {condition}, these are left: {string.Join(", ", temporaries)}");
        Assert.Equal([Root], Directory.EnumerateFileSystemEntries(_around));
    }

    /// <summary>Dates all files an hour back: what the killed process left is then old enough to be judged at once, and what this one writes beside the sweep is not.</summary>
    private void MakeOld()
    {
        DateTime anHourAgo = TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-1);
        foreach (string file in Directory.Exists(Root) ? Directory.GetFiles(Root, "*", SearchOption.AllDirectories) : [])
        {
            File.SetLastWriteTimeUtc(file, anHourAgo);
        }
    }

    /// <summary>No version is from the future; the cache may have any that the origin served, since chunks do not expire.</summary>
    private async Task ReadAllAsync(IndexedCacheStorage storage, int run, CancellationToken ct)
    {
        foreach (string storeId in Workload.Stores)
        {
            await using var store = new CachedStore(new OracleOrigin(storeId, ((run + 1) * Workload.VersionsPerRun) - 1), storeId, storage);
            foreach (string key in Workload.Keys)
            {
                byte[]? bytes = await store.GetBytesAsync(key, ct: ct);
                Assert.NotNull(bytes);
                Assert.InRange(Oracle.Recognize(storeId, key, bytes), 0, ((run + 1) * Workload.VersionsPerRun) - 1);
                Reads++;
            }

            Hits += store.Statistics.Hits;
        }
    }
}
