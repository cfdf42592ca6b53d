using Xunit;
using ZarrCache.Index.Sqlite;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Reliability;

/// <summary>One run of generated work on a cache of which some calls fail, held against the origin, of which none does.</summary>
internal sealed class FaultyWork : IAsyncDisposable
{
    private const int Steps = 24;
    private const long MaxSize = 96 * 1024;
    private static readonly string[] Keys = ["u/.zarray", "u/c/0", "u/c/1", "u/c/2", "v/c/0", "v/c/1"];

    private readonly string _root = Directory.CreateTempSubdirectory("zarrcache-faulty-").FullName;
    private readonly Random _random;
    private readonly Faults _faults;
    private readonly bool _isPersistent;
    private readonly bool _endsLate;
    private readonly CachedStoreOptions _options;
    private readonly OracleOrigin _origin = new("s", 0);
    private readonly MemoryStoreIndex _memory = new MemoryStoreIndex();
    private IStoreIndex _index;
    private IndexedCacheStorage _storage;
    private CachedStore _store;
    private long _version;

    /// <param name="seed">Decides what is done, and of what kind the faults are: one alone, three in a row, or all up to the end; done all the same or not.</param>
    /// <param name="nth">Which call is the first to fail.</param>
    /// <param name="isPersistent">Whether the cache is closed and opened again in between, which takes an index in a file.</param>
    public FaultyWork(int seed, int nth, bool isPersistent)
    {
        _random = new Random(seed);
        _isPersistent = isPersistent;
        _endsLate = seed % 3 == 2;
        _faults = new Faults(nth, (seed % 3) switch { 0 => 1, 1 => 3, _ => int.MaxValue }, isLate: seed / 3 % 2 == 1, error: seed + nth);
        _options = new CachedStoreOptions
        {
            MaxWholeObject = seed / 6 % 2 == 0 ? 8 * 1024 : 64L << 20, // what is larger is kept in parts
            ChunkTimeToLive = seed / 12 % 2 == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.Zero, // what is past its time is asked about with each read
        };
        (_index, _storage, _store) = Open();
    }

    public long Hits { get; private set; }

    /// <summary>Works, lets the faults end, and sees that the cache is as if there had been none.</summary>
    /// <returns>Whether there were any.</returns>
    public async Task<bool> RunAsync(CancellationToken ct)
    {
        for (int step = 1; step <= Steps; step++)
        {
            await DoAsync(Keys[_random.Next(Keys.Length)], _random.Next(100), ct);
        }

        _faults.End();
        foreach (string key in Keys)
        {
            await ReadAsync(key, ByteRange.All, ct);
        }

        await _store.SetAsync(Keys[1], Oracle.Content("s", Keys[1], ++_version), ct);
        await ReadAsync(Keys[1], ByteRange.All, ct);
        await _storage.FlushAsync(ct);
        Assert.True(await ReadAsync(Keys[1], ByteRange.All, ct), "Caching has not resumed.");
        await _storage.SweepCompletion.WaitAsync(ct);
        await _storage.CheckAsync(new CacheCheckOptions { Repair = true, MinimumAge = TimeSpan.Zero }, null, ct);
        CacheCheckReport report = await _storage.CheckAsync(new CacheCheckOptions { VerifyBytes = true, MinimumAge = TimeSpan.Zero }, null, ct);
        Assert.True(report.IsClean, report.ToString());
        Assert.Equal(report.Rows, report.Files);
        List<IndexEntry> entries = await _index.EnumerateAsync(new IndexQuery(), ct).ToListAsync(ct);
        IndexTotals totals = await _storage.GetTotalsAsync(null, ct);
        Assert.Equal((entries.Count, entries.Sum(e => e.Size), entries.Sum(e => e.AllocatedSize)), (totals.Count, totals.Bytes, totals.AllocatedBytes));
        Assert.InRange(totals.AllocatedBytes, 0, MaxSize);
        Assert.Equal(totals.Bytes, FileBytes());
        return _faults.Any;
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        await _memory.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    /// <summary>What is asked for but a read may fail, and be told so.</summary>
    private async Task DoAsync(string key, int act, CancellationToken ct)
    {
        if (act < 60)
        {
            await ReadAsync(key, act < 40 ? ByteRange.All : ByteRange.Slice(_random.Next(8), 1 + _random.Next(3000)), ct);
            return;
        }

        try
        {
            await ChangeAsync(key, act, ct);
        }
        catch (ZarrCacheException)
        {
            Assert.True(_faults.Any, "A change failed without any fault.");
        }
    }

    private async Task ChangeAsync(string key, int act, CancellationToken ct)
    {
        switch (act)
        {
            case < 74:
                await _store.SetAsync(key, Oracle.Content("s", key, ++_version), ct);
                break;
            case < 78:
                await _store.EraseAsync(key, ct);
                break;
            case < 80:
                await _store.ErasePrefixAsync(key[..2], ct);
                break;
            case < 84:
                await _storage.DeleteAsync("s", key, ct);
                break;
            case < 86:
                await _storage.DeletePrefixAsync("s", key[..2], ct);
                break;
            case < 92:
                await _storage.FlushAsync(ct);
                break;
            case < 94:
                await _storage.CloseStoreAsync("s", ct);
                break;
            case < 96:
                await _storage.CheckAsync(new CacheCheckOptions { Repair = true, MinimumAge = TimeSpan.Zero }, null, ct);
                break;
            default:
                await ReopenAsync();
                break;
        }
    }

    /// <returns>Whether all of it was cached.</returns>
    private async Task<bool> ReadAsync(string key, ByteRange range, CancellationToken ct)
    {
        byte[]? expected = _origin.Content(key);
        await using ReadResult result = await GetAsync(key, range, ct);
        if (result.Status == ReadStatus.Found && expected is not null)
        {
            byte[] bytes = new byte[result.Length];
            await result.ReadAsync(bytes, ct);
            (long offset, long length) = range.Resolve(key, expected.Length);
            Same(key, bytes.AsSpan().SequenceEqual(expected.AsSpan((int)offset, (int)length)));
        }
        else
        {
            Same(key, result.Status == ReadStatus.Absent && expected is null);
        }

        Hits += result.IsCached ? 1 : 0;
        return result.IsCached;
    }

    private ValueTask<ReadResult> GetAsync(string key, ByteRange range, CancellationToken ct) => _store.GetAsync(key, new ReadOptions(range), ct);

    private static void Same(string key, bool isSame)
    {
        if (!isSame)
        {
            throw new WrongBytesException($"'{key}' is not as the origin has it.");
        }
    }

    /// <summary>As another process would find it. While faults last that would be one that does not know what this one distrusts, which is not promised.</summary>
    private async Task ReopenAsync()
    {
        if (_isPersistent && !_endsLate)
        {
            await CloseAsync();
            (_index, _storage, _store) = Open();
        }
    }

    private async Task CloseAsync()
    {
        await _store.DisposeAsync();
        await _storage.DisposeAsync();
        if (_isPersistent)
        {
            await _index.DisposeAsync();
        }
    }

    private (IStoreIndex Index, IndexedCacheStorage Storage, CachedStore Store) Open()
    {
        var index = new FaultyIndex(_isPersistent ? new SqliteStoreIndex(Path.Combine(_root, "index.db")) : _memory, _faults);
        var storage = new IndexedCacheStorage(index, new FaultyOpener(FileSystemStore.Opener(Path.Combine(_root, "{store_id}.zarr")), _faults), MaxSize);
        return (index, storage, new CachedStore(_origin, "s", storage, _options));
    }

    private long FileBytes()
    {
        var store = new DirectoryInfo(Path.Combine(_root, "s.zarr"));
        return store.Exists ? store.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) : 0;
    }
}
