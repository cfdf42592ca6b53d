using System.Globalization;
using ZarrCache;
using ZarrCache.Index.Sqlite;
using ZarrCache.Reliability;
using ZarrCache.Storage.FileSystem;

// Works on the cache below the first argument, as the run that the second numbers, as many steps as the third says or
// until it is killed. Says "open" on standard output once the cache is. Any fault, wrong bytes above all, ends it with
// an unhandled exception. After the word "shared" it works on a cache that processes share: see SharedWork.
if (args[0] == SharedWork.Command)
{
    await SharedWork.RunAsync(args[1..]);
    return;
}

string root = args[0];
await using var index = new SqliteStoreIndex(Path.Combine(root, "index.db"));
await using var storage = new IndexedCacheStorage(index, FileSystemStore.Opener(Path.Combine(root, "{store_id}.zarr")), Workload.MaxSize);
Console.WriteLine("open");
await Workload.RunAsync(storage, int.Parse(args[1], CultureInfo.InvariantCulture), int.Parse(args[2], CultureInfo.InvariantCulture));
