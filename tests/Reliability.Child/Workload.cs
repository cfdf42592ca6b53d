using System.Collections.Concurrent;

namespace ZarrCache.Reliability;

/// <summary>What a process does to a cache that two stores share and that has room for half of them: two hands in each read, read ranges, write and delete.</summary>
internal static class Workload
{
    public const long MaxSize = 512 * 1024;

    /// <summary>Versions of one run lie between its number times this and the next.</summary>
    public const long VersionsPerRun = 1_000_000;

    public static readonly string[] Stores = ["a", "b"];
    public static readonly string[] Keys = [.. Enumerable.Range(0, 48).Select(i => $"{(i % 2 == 0 ? "u" : "v")}/c/{i}")];
    private const int HandsPerStore = 2;

    public static Task RunAsync(IndexedCacheStorage storage, int run, int steps) => Task.WhenAll(Stores.Select(storeId => RunAsync(storage, storeId, run, steps)));

    private static async Task RunAsync(IndexedCacheStorage storage, string storeId, int run, int steps)
    {
        await using var store = new CachedStore(new OracleOrigin(storeId, run * VersionsPerRun), storeId, storage);
        var work = new Work(storage, store, storeId, run);
        await Task.WhenAll(Enumerable.Range(0, HandsPerStore).Select(hand => Task.Run(() => work.RunAsync(hand, steps))));
    }

    private sealed class Work(IndexedCacheStorage storage, CachedStore store, string storeId, int run)
    {
        /// <summary>The version that a write which has returned gave a key: nobody who begins to read then gets an older one.</summary>
        private readonly ConcurrentDictionary<string, long> _written = new(StringComparer.Ordinal);

        public async Task RunAsync(int hand, int steps)
        {
            var random = new Random((run * 10) + hand);
            for (int step = 1; step <= steps; step++)
            {
                string key = Keys[random.Next(Keys.Length)];
                switch (random.Next(100))
                {
                    case < 65:
                        await ReadAsync(key);
                        break;
                    case < 75:
                        await ReadRangeAsync(key, random.Next(4), 4 + random.Next(2000));
                        break;
                    case < 95:
                        await WriteAsync(Keys[(random.Next(Keys.Length / HandsPerStore) * HandsPerStore) + hand], (run * VersionsPerRun) + step);
                        break;
                    case < 99:
                        await storage.DeleteAsync(storeId, key, CancellationToken.None);
                        break;
                    default:
                        await storage.FlushAsync(CancellationToken.None);
                        break;
                }
            }
        }

        private async Task ReadAsync(string key)
        {
            long atLeast = _written.GetValueOrDefault(key);
            byte[] bytes = await store.GetBytesAsync(key) ?? throw new WrongBytesException($"'{key}' of store '{storeId}' was read as absent.");
            long version = Oracle.Recognize(storeId, key, bytes);
            if (version < atLeast)
            {
                throw new WrongBytesException($"'{key}' of store '{storeId}' was read in version {version}; {atLeast} had been written before.");
            }
        }

        /// <summary>A value has at least 8 bytes, so that some of them are in the range; the ETag tells the version.</summary>
        private async Task ReadRangeAsync(string key, long offset, long length)
        {
            await using ReadResult result = await store.GetAsync(key, new ReadOptions { Range = ByteRange.Slice(offset, length) }, CancellationToken.None);
            var bytes = new byte[result.Length];
            await result.ReadAsync(bytes, CancellationToken.None);
            long version = long.Parse(result.Info.ETag!.Trim('"'), System.Globalization.CultureInfo.InvariantCulture);
            if (!bytes.AsSpan().SequenceEqual(Oracle.Content(storeId, key, version).AsSpan((int)result.Offset, bytes.Length)))
            {
                throw new WrongBytesException($"{bytes.Length} bytes from {offset} of '{key}' of store '{storeId}' are not those of version {version}.");
            }
        }

        private async Task WriteAsync(string key, long version)
        {
            await store.SetAsync(key, Oracle.Content(storeId, key, version));
            _written[key] = version;
        }
    }
}
