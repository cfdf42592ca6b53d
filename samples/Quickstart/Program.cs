using ZarrCache;
using ZarrCache.Index.Sqlite;
using ZarrCache.Storage.FileSystem;

var origin = new FileSystemStore("samples/data/eraint-v2.zarr");     // or new HttpZarrStore(new Uri("https://…"))

await using var index = new SqliteStoreIndex("cache/index.db");
await using var storage = new IndexedCacheStorage(index, FileSystemStore.Opener("cache/{store_id}.zarr"), maxSize: 50L << 30);
var eraint = new CachedStore(origin, "eraint", storage);

byte[]? chunk = await eraint.GetBytesAsync("u/0.0.0.0");             // slow once, then local
Console.WriteLine($"{chunk?.Length} bytes, {eraint.Statistics.Hits} hits, {eraint.Statistics.Misses} misses");
