using ZarrCache;
using ZarrCache.Reliability;
using ZarrCache.Storage.FileSystem;

// Works on the cache that its options name, until it has done its steps or is killed. Says "open" on standard output once the cache
// is. Any fault, wrong bytes above all, ends it with an unhandled exception.
// After the word "shared" it works on a cache that processes share: see SharedWork.
if (args[0] == SharedWork.Command)
{
    await SharedWork.RunAsync(args[1..]);
    return;
}

ChildOptions options = ChildOptions.Parse(args);
await using IStoreIndex index = Indexes.Open(options.Index, options.Root);
StoreOpener opener = FileSystemStore.Opener(Path.Combine(options.Root, "{store_id}.zarr"), new() { SymbolicLinks = SymbolicLinks.Refuse, Validators = false });
await using var storage = new IndexedCacheStorage(index, opener, new IndexedCacheStorageOptions { MaxSize = Workload.MaxSize });
await using var workload = new Workload(storage, options);
if (options.Faulty)
{
    await workload.WarmAsync();
    Console.WriteLine("open");
    using var ended = new CancellationTokenSource();
    Task work = workload.RunAsync(ended.Token);
    Console.ReadLine();
    await ended.CancelAsync();
    await work;
    await workload.RecoverAsync();
}
else
{
    Console.WriteLine("open");
    await workload.RunAsync(CancellationToken.None);
}
