using System.Diagnostics;
using System.Reflection;
using Xunit;
using ZarrCache.Index.Sqlite;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Integration.Tests;

/// <summary>What a hit allocates, over SQLite and files.</summary>
public sealed class HitCostTests : IDisposable
{
    private const int Hits = 500;

    private readonly string _directory = Directory.CreateTempSubdirectory("zarr-cache-hits-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(4 << 10)]
    [InlineData(1 << 20)]
    public async Task A_hit_into_the_callers_memory_allocates_a_kilobyte_at_most(int size)
    {
        await using var origin = new MemoryStore();
        await origin.SetAsync("u/c/0", new byte[size], Ct);
        await using var index = new SqliteStoreIndex(Path.Combine(_directory, "index.db"));
        await using var storage = new IndexedCacheStorage(index, FileSystemStore.Opener(Path.Combine(_directory, "{store_id}.zarr")), 1L << 30);
        await using var store = new CachedStore(origin, "s", storage);
        byte[] buffer = new byte[size];
        await ReadAsync(store, buffer);
        await storage.FlushAsync(Ct);
        for (int i = 0; i < 50; i++)
        {
            await ReadAsync(store, buffer);
        }

        // Every hit completes on the caller's thread, so that its count is the whole.
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Hits; i++)
        {
            ValueTask read = ReadAsync(store, buffer);
            Assert.True(read.IsCompletedSuccessfully);
            await read;
        }

        long each = (GC.GetAllocatedBytesForCurrentThread() - before) / Hits;
        TestContext.Current.TestOutputHelper?.WriteLine($"{each} bytes for each hit of {size}.");
        Assert.InRange(each, 0, IsOptimized ? 1024 : 4096);
        Assert.Equal(1, store.Statistics.OriginRequests);
    }

    /// <summary>In a debug build every call of an async method makes an object of its state machine.</summary>
    private static bool IsOptimized => typeof(CachedStore).Assembly.GetCustomAttribute<DebuggableAttribute>()?.IsJITOptimizerDisabled != true;

    private static async ValueTask ReadAsync(CachedStore store, Memory<byte> buffer)
    {
        await using ReadResult result = await store.GetAsync("u/c/0", default, Ct);
        await result.ReadAsync(buffer, Ct);
    }
}
