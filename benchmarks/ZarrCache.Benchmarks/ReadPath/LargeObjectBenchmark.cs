using System.Globalization;
using System.IO.Pipelines;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Sqlite;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Benchmarks.ReadPath;

/// <summary>The memory that a process of its own needs to send one large object to a slow reader through a pipe: fetched, then from the cache.</summary>
internal static class LargeObjectBenchmark
{
    public const string ChildCommand = "read-large-object-child";

    public static async Task<string> RunAsync(long size, long mostBytes)
    {
        string what = ResultsFile.Invariant($"{size >> 20} MiB through `CopyToAsync` to a slow reader, fetched and then cached");
        if (await ChildProcess.RunAsync(ChildCommand, size.ToString(CultureInfo.InvariantCulture)) is not { } bytes)
        {
            return $"| extra memory: {what} | not measured on this system | | |";
        }

        string row = ResultsFile.Invariant($"| extra memory: {what} | {bytes / (double)(1 << 20):0.0} MiB | ≤ {mostBytes >> 20} MiB | {(bytes <= mostBytes ? "yes" : "**no**")} |");
        Console.WriteLine(row);
        return row;
    }

    public static async Task ChildAsync(long size)
    {
        using var scratch = new ScratchDirectory();
        Directory.CreateDirectory(scratch["origin"]);
        await using (FileStream file = File.Create(Path.Combine(scratch["origin"], "large")))
        {
            var block = new byte[1 << 20];
            for (long written = 0; written < size; written += block.Length)
            {
                Random.Shared.NextBytes(block);
                await file.WriteAsync(block);
            }
        }

        await using var origin = new FileSystemStore(scratch["origin"]);
        await using var index = new SqliteStoreIndex(scratch["index.db"]);
        await using var storage = new IndexedCacheStorage(index, FileSystemStore.Opener(scratch["{store_id}.zarr"]), maxSize: 4L << 30);
        await using var store = new CachedStore(origin, "s", storage);
        await store.GetBytesAsync("absent");
        GC.Collect();
        long before = ProcessMemory.Anonymous() ?? 0;
        long most = 0;
        for (int pass = 0; pass < 2; pass++)
        {
            var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 256 << 10, resumeWriterThreshold: 128 << 10));
            Task sending = SendAsync(store, pipe.Writer);
            long received = 0;
            for (long sampled = 0; ;)
            {
                System.IO.Pipelines.ReadResult read = await pipe.Reader.ReadAsync();
                received += read.Buffer.Length;
                pipe.Reader.AdvanceTo(read.Buffer.End);
                if (received - sampled >= 1 << 20)
                {
                    sampled = received;
                    most = Math.Max(most, (ProcessMemory.Anonymous() ?? 0) - before);
                    await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
                }

                if (read.IsCompleted)
                {
                    break;
                }
            }

            await sending;
            await storage.FlushAsync(CancellationToken.None);
            if (received != size)
            {
                throw new InvalidOperationException($"{received} bytes came instead of {size}.");
            }
        }

        Console.WriteLine(before == 0 ? "unknown" : most.ToString(CultureInfo.InvariantCulture));
    }

    private static async Task SendAsync(CachedStore store, PipeWriter writer)
    {
        await using ReadResult result = await store.GetAsync("large", default, CancellationToken.None);
        await result.CopyToAsync(writer, CancellationToken.None);
        await writer.CompleteAsync();
    }
}
