using System.Collections.Concurrent;
using Xunit;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Reliability;

/// <summary>A cache in a directory whose processes and files are ill-treated, and what must hold of it after each time.</summary>
internal sealed class AbusedCache : IDisposable
{
    /// <summary>The cache's root has a directory about it, in which nothing else may appear.</summary>
    private readonly string _around;
    private readonly string _index;
    private readonly bool _isOwn;
    private int _run;

    /// <summary>A cache below a directory; below that of temporary files if there is none given.</summary>
    public AbusedCache(string index, string? below = null)
    {
        _index = index;
        _isOwn = below is null;
        _around = below is null ? Directory.CreateTempSubdirectory("zarrcache-abused-").FullName : Directory.CreateDirectory(Path.Combine(below, "around")).FullName;
    }

    public string Root => Path.Combine(_around, "root");

    /// <summary>Entries that the last check found.</summary>
    public long Found { get; private set; }

    /// <summary>Values found in the cache as a process left them, over all checks.</summary>
    public long Hits { get; private set; }

    /// <summary>Reads as the oracle has them, over all checks.</summary>
    public long Reads { get; private set; }

    /// <summary>How often the index had not been closed.</summary>
    public int Unclean { get; private set; }

    /// <summary>What lies on a file system that is gone with the test goes with it; that one may be out of order just now.</summary>
    public void Dispose()
    {
        if (_isOwn)
        {
            Directory.Delete(_around, recursive: true);
        }
    }

    /// <summary>What the next process is to do.</summary>
    public ChildOptions NextRun() => new(Root, ++_run) { Index = _index };

    /// <summary>Opens the cache, reads all keys at once, waits for the sweep, and holds rows, totals and files against each other.</summary>
    public Task CheckAsync(CancellationToken ct) => CheckAsync(MayBeLeft.Nothing, ct);

    /// <inheritdoc cref="CheckAsync(CancellationToken)"/>
    /// <param name="left">What the sweep need not have mended, and is mended here.</param>
    /// <param name="ct">Gives up.</param>
    public async Task CheckAsync(MayBeLeft left, CancellationToken ct)
    {
        Directory.CreateDirectory(Root); // else a process that ended before it made the root would leave nothing to look at
        MakeOld();
        await using IStoreIndex index = Indexes.Open(_index, Root);
        IndexCondition condition = index.Condition;
        Unclean += condition == IndexCondition.Clean ? 0 : 1;
        Found = (await index.GetTotalsAsync(null, ct)).Count;
        StoreOpener opener = FileSystemStore.Opener(Path.Combine(Root, "{store_id}.zarr"));
        await using var storage = new IndexedCacheStorage(index, opener, Workload.MaxSize);
        await ReadAllAsync(storage, ct);
        await storage.SweepCompletion.WaitAsync(ct);
        await using (var store = new CachedStore(new OracleOrigin("c", 0), "c", storage))
        {
            await store.GetBytesAsync("u/c/0", ct: ct); // what was taken over beyond the budget goes with the next write
        }

        await storage.FlushAsync(ct);

        if (left == MayBeLeft.LostBytes)
        {
            CacheCheckReport files = await storage.CheckAsync(new CacheCheckOptions { MinimumAge = TimeSpan.Zero }, null, ct);
            Assert.True(files.IsClean, $"After run {_run}, found {condition}: {files}");
        }

        if (left != MayBeLeft.Nothing)
        {
            await storage.CheckAsync(new CacheCheckOptions { VerifyBytes = true, MinimumAge = TimeSpan.Zero, Repair = true }, null, ct);
        }

        var findings = new ConcurrentQueue<CacheFinding>();
        CacheCheckReport report = await storage.CheckAsync(new CacheCheckOptions { VerifyBytes = true, MinimumAge = TimeSpan.Zero }, findings.Enqueue, ct);
        Assert.True(report.IsClean, $"After run {_run}, found {condition}: {report} {string.Join("; ", findings)}");
        Assert.Equal(report.Rows, report.Files);
        IndexTotals totals = await storage.GetTotalsAsync(null, ct);
        (long Count, long Bytes, long AllocatedBytes) sums = default;
        await foreach (IndexEntry entry in index.EnumerateAsync(new IndexQuery(), ct))
        {
            sums = (sums.Count + 1, sums.Bytes + entry.Size, sums.AllocatedBytes + entry.AllocatedSize);
        }

        Assert.Equal(sums, (totals.Count, totals.Bytes, totals.AllocatedBytes));
        Assert.InRange(totals.AllocatedBytes, 0, Workload.MaxSize);
        string[] temporaries = Directory.GetFiles(Root, ".zarrcache-tmp-*", SearchOption.AllDirectories);
        Assert.True(temporaries.Length == 0, $"After run {_run}, found {condition}, these are left: {string.Join(", ", temporaries)}");
        Assert.Equal([Root], Directory.EnumerateFileSystemEntries(_around));
    }

    public override string ToString() => $"the index was not clean {Unclean} times; {Reads} values read, {Hits} of them cached, 0 wrong.";

    /// <summary>Dates all files an hour back: what a killed process left is then old enough to be judged at once, and what this one writes beside the sweep is not.</summary>
    private void MakeOld()
    {
        DateTime anHourAgo = TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-1);
        foreach (string file in Directory.GetFiles(Root, "*", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(file, anHourAgo);
        }
    }

    /// <summary>No version is from the future; the cache may have any that the origin served, since chunks do not expire.</summary>
    private async Task ReadAllAsync(IndexedCacheStorage storage, CancellationToken ct)
    {
        long last = ((_run + 1) * Workload.VersionsPerRun) - 1;
        foreach (string storeId in Workload.Stores)
        {
            await using var store = new CachedStore(new OracleOrigin(storeId, last), storeId, storage);
            foreach (string key in Workload.Keys)
            {
                byte[]? bytes = await store.GetBytesAsync(key, ct: ct);
                Assert.NotNull(bytes);
                Assert.InRange(Oracle.Recognize(storeId, key, bytes), 0, last);
                Reads++;
            }

            Hits += store.Statistics.Hits;
        }
    }
}

/// <summary>What the sweep of a cache does not see to.</summary>
internal enum MayBeLeft
{
    /// <summary>All is as the index says.</summary>
    Nothing,

    /// <summary>Files of the right size that lost their bytes with the power: the sweep does not read them, and whoever reads them finds out.</summary>
    LostBytes,

    /// <summary>After what no sweep follows: an index of another day that was closed.</summary>
    Anything,
}
