using System.Collections.Concurrent;
using System.Globalization;

namespace ZarrCache.Reliability;

/// <summary>One store of the <see cref="Workload"/>, held against what this process wrote to it.</summary>
internal sealed class Lane(IndexedCacheStorage storage, string storeId, ChildOptions options) : IAsyncDisposable
{
    private readonly CachedStore _store = new(new OracleOrigin(storeId, options.Run * Workload.VersionsPerRun), storeId, storage);

    /// <summary>The version that a write which has returned gave a key: nobody who begins to read then gets an older one.</summary>
    private readonly ConcurrentDictionary<string, long> _written = new(StringComparer.Ordinal);
    private long _version = options.Run * Workload.VersionsPerRun;

    public async Task RunAsync(int hand, int steps, CancellationToken ended)
    {
        var random = new Random((options.Run * 10) + hand);
        for (int step = 1; step <= steps && !ended.IsCancellationRequested; step++)
        {
            string key = Workload.Keys[random.Next(Workload.Keys.Length)];
            switch (random.Next(100))
            {
                case < 65:
                    await ReadAsync(key);
                    break;
                case < 75:
                    await ReadRangeAsync(key, random.Next(4), 4 + random.Next(2000));
                    break;
                case < 95:
                    string own = Workload.Keys[(random.Next(Workload.Keys.Length / Workload.HandsPerStore) * Workload.HandsPerStore) + hand];
                    await ChangeAsync(() => WriteAsync(own, Interlocked.Increment(ref _version)));
                    break;
                case < 99:
                    await ChangeAsync(() => storage.DeleteAsync(storeId, key, CancellationToken.None).AsTask());
                    break;
                default:
                    await ChangeAsync(() => storage.FlushAsync(CancellationToken.None).AsTask());
                    break;
            }
        }
    }

    /// <summary>Whether what is read is cached, every value of ten.</summary>
    public async Task<bool> TryRecoverAsync()
    {
        long hits = _store.Statistics.Hits;
        foreach (string key in Workload.Keys[..10])
        {
            await ReadAsync(key);
            try
            {
                await storage.FlushAsync(CancellationToken.None);
            }
            catch (ZarrCacheException)
            {
                return false;
            }

            await ReadAsync(key);
        }

        return _store.Statistics.Hits - hits >= 10;
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private async Task ReadAsync(string key)
    {
        long atLeast = options.Shared ? 0 : _written.GetValueOrDefault(key);
        byte[] bytes = await _store.GetBytesAsync(key) ?? throw new WrongBytesException($"'{key}' of store '{storeId}' was read as absent.");
        long version = Oracle.Recognize(storeId, key, bytes);
        if (version < atLeast)
        {
            throw new WrongBytesException($"'{key}' of store '{storeId}' was read in version {version}; {atLeast} had been written before.");
        }
    }

    /// <summary>A value has at least 8 bytes, so that some of them are in the range; the ETag tells the version.</summary>
    private async Task ReadRangeAsync(string key, long offset, long length)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await TryReadRangeAsync(key, offset, length);
                return;
            }
            catch (ObjectChangedException) when (attempt < 10)
            {
                // it was written meanwhile: read it again, as the message says
            }
        }
    }

    private async Task TryReadRangeAsync(string key, long offset, long length)
    {
        await using ReadResult result = await _store.GetAsync(key, new ReadOptions { Range = ByteRange.Slice(offset, length) }, CancellationToken.None);
        var bytes = new byte[result.Length];
        await result.ReadAsync(bytes, CancellationToken.None);
        long version = long.Parse(result.Info.ETag!.Trim('"'), CultureInfo.InvariantCulture);
        if (!bytes.AsSpan().SequenceEqual(Oracle.Content(storeId, key, version).AsSpan((int)result.Offset, bytes.Length)))
        {
            throw new WrongBytesException($"{bytes.Length} bytes from {offset} of '{key}' of store '{storeId}' are not those of version {version}.");
        }
    }

    private async Task WriteAsync(string key, long version)
    {
        await _store.SetAsync(key, Oracle.Content(storeId, key, version));
        _written[key] = version;
    }

    /// <summary>A change that the cache cannot record fails, and says so: only where faults are made.</summary>
    private async Task ChangeAsync(Func<Task> change)
    {
        try
        {
            await change();
        }
        catch (ZarrCacheException) when (options.Faulty)
        {
            // told to whoever asked for it, which is what is promised
        }
    }
}
