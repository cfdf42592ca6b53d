using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;
using ZarrCache.Benchmarks.Harness;

namespace ZarrCache.Benchmarks.ReadPath;

/// <summary>A hit through <see cref="CachedStore"/>, verified and marked, against opening and reading the same file; page cache hot, one thread.</summary>
internal static class HitBenchmark
{
    public static async Task<Comparison> RunAsync(FilledCache cache, int otherKeys, int size, int files, int rounds, double atLeast)
    {
        (string[] keys, string[] paths) = await cache.CacheAsync(files, size);
        return await MeasureAsync(cache.Store, $"hit of {size >> 10} KiB, {files:N0} values, {otherKeys:N0} other keys", Whole(keys), paths, size, rounds, atLeast);
    }

    /// <summary>The same against a yardstick that verifies too: what is left is the cost of the cache, without that of the check sum.</summary>
    public static async Task<Comparison> RunVerifiedAsync(FilledCache cache, int size, int files, int rounds)
    {
        (string[] keys, string[] paths) = await cache.CacheAsync(files, size);
        (string, ByteRange)[] places = Whole(keys);
        int reads = ReadsOf(size);
        var comparison = new Comparison($"hit of {size >> 10} KiB, {files:N0} values", "open + `RandomAccess.Read` + XxHash3 of the same files", "reads", null);
        byte[] buffer = GC.AllocateUninitializedArray<byte>(size, pinned: true);
        for (int round = 0; round < rounds; round++)
        {
            await comparison.MeasureAsync(
                round,
                () => Comparison.RateAsync(reads, () => HitAsync(cache.Store, places, reads, buffer)),
                () => Comparison.RateAsync(reads, () => OpenReadAndHash(paths, reads, buffer)));
        }

        return comparison;
    }

    /// <param name="store">The store.</param>
    /// <param name="what">What is hit.</param>
    /// <param name="places">Keys and ranges, all of one size, all cached.</param>
    /// <param name="paths">The files that they lie in, each in one of its own.</param>
    /// <param name="size">Bytes of each.</param>
    /// <param name="rounds">How often it is repeated.</param>
    /// <param name="atLeast">The ratio that must be reached.</param>
    public static async Task<Comparison> MeasureAsync(
        CachedStore store, string what, (string Key, ByteRange Range)[] places, string[] paths, int size, int rounds, double atLeast)
    {
        int reads = ReadsOf(size);
        var comparison = new Comparison(what, "open + `RandomAccess.Read` of the same files", "reads", atLeast);
        byte[] buffer = GC.AllocateUninitializedArray<byte>(size, pinned: true);
        for (int round = 0; round < rounds; round++)
        {
            await comparison.MeasureAsync(
                round,
                () => Comparison.RateAsync(reads, () => HitAsync(store, places, reads, buffer)),
                () => Comparison.RateAsync(reads, () => OpenAndRead(paths, reads, buffer)));
        }

        return comparison;
    }

    /// <summary>The heap that one hit allocates: the mean, and the most of any.</summary>
    public static async Task<(long Mean, long Most)> AllocatedAsync(FilledCache cache, int size, int files)
    {
        (string[] keys, _) = await cache.CacheAsync(files, size);
        byte[] buffer = GC.AllocateUninitializedArray<byte>(size, pinned: true);
        await HitAsync(cache.Store, Whole(keys), 10 * files, buffer);
        long sum = 0, most = 0;
        foreach (string key in keys)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            await using (ReadResult result = await cache.Store.GetAsync(key, default, CancellationToken.None))
            {
                await result.ReadAsync(buffer, CancellationToken.None);
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            sum += allocated;
            most = Math.Max(most, allocated);
        }

        return (sum / keys.Length, most);
    }

    private static (string Key, ByteRange Range)[] Whole(string[] keys) => [.. keys.Select(key => (key, ByteRange.All))];

    private static async Task HitAsync(CachedStore store, (string Key, ByteRange Range)[] places, int reads, byte[] buffer)
    {
        for (int i = 0; i < reads; i++)
        {
            (string key, ByteRange range) = places[i % places.Length];
            await using ReadResult result = await store.GetAsync(key, new ReadOptions(range), CancellationToken.None);
            await result.ReadAsync(buffer.AsMemory(0, (int)result.Length), CancellationToken.None);
        }

        if (store.Statistics.OriginRequests > store.Statistics.Misses || store.Statistics.Hits < reads)
        {
            throw new InvalidOperationException("Not every read was a hit.");
        }
    }

    private static int ReadsOf(int size) => (int)Math.Min(200_000, (8L << 30) / size);

    private static async Task OpenReadAndHash(string[] paths, int reads, byte[] buffer)
    {
        ulong sum = 0;
        for (int i = 0; i < reads; i++)
        {
            await OpenAndRead([paths[i % paths.Length]], 1, buffer);
            sum ^= XxHash3.HashToUInt64(buffer);
        }

        GC.KeepAlive(sum);
    }

    private static Task OpenAndRead(string[] paths, int reads, byte[] buffer)
    {
        for (int i = 0; i < reads; i++)
        {
            using SafeFileHandle file = File.OpenHandle(paths[i % paths.Length]);
            if (RandomAccess.Read(file, buffer, 0) != buffer.Length)
            {
                throw new InvalidOperationException("A file is short.");
            }
        }

        return Task.CompletedTask;
    }
}
