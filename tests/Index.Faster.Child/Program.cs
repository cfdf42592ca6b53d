using System.Buffers;
using System.Globalization;
using ZarrCache;
using ZarrCache.Index.Faster;
using ZarrCache.Storage.FileSystem;

// Puts, reads, deletes and so evicts in the cache that the first argument names, with checkpoints as often as can be, until it is
// killed. The second argument is a seed. Writes a line to standard output for each ten things that it did.
var options = new FasterStoreIndexOptions { LogMemoryBytes = 1 << 18, PageBytes = 1 << 16, ExpectedKeys = 1000, CheckpointInterval = TimeSpan.FromMilliseconds(100), RebuildIfCorrupt = false };
await using var index = new FasterStoreIndex(Path.Combine(args[0], "index"), options);
await using var storage = new IndexedCacheStorage(
    index,
    FileSystemStore.Opener(Path.Combine(args[0], "{store_id}.zarr")),
    new IndexedCacheStorageOptions { MaxSize = 4096 * 150, WhenQueueFull = QueueFullMode.Wait });
await storage.SweepCompletion;
Task flushing = Task.Run(async () =>
{
    while (true)
    {
        await storage.FlushAsync(CancellationToken.None);
    }
});
var random = new Random(int.Parse(args[1], CultureInfo.InvariantCulture));
for (int i = 0; !flushing.IsFaulted; i++)
{
    if (i % 10 == 0)
    {
        Console.WriteLine(i);
    }

    string key = $"c/{random.Next(400)}";
    byte[] bytes = new byte[random.Next(1, 4096)];
    random.NextBytes(bytes);
    switch (random.Next(10))
    {
        case < 7:
            using (SharedBuffer buffer = SharedBuffer.Copy(new ReadOnlySequence<byte>(bytes)))
            {
                await storage.PutAsync(
                    new CacheItem { StoreId = $"s{random.Next(2)}", Key = key, Bytes = buffer, Info = new ObjectInfo(bytes.Length, null, null), FetchedAt = DateTimeOffset.UnixEpoch },
                    CancellationToken.None);
            }

            break;
        case 7:
            await storage.DeleteAsync("s0", key, CancellationToken.None);
            break;
        default:
            if (await storage.GetAsync("s1", key, ByteRange.All, CancellationToken.None) is { } hit)
            {
                await hit.DisposeAsync();
            }

            break;
    }
}

await flushing;
