using System.Diagnostics;
using System.Globalization;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Faster;

namespace ZarrCache.Benchmarks.Faster;

/// <summary>
/// The same work in two processes at once, each with half of the keys and an index of its own: they share nothing but the machine, so
/// that this is what its processors and its memory give to any index with two threads.
/// </summary>
internal static class ProcessWork
{
    public const string ChildCommand = "faster-process-child";

    private const int Processes = 2;

    /// <summary>What both did in a second, by name.</summary>
    public static async Task<Dictionary<string, double>> RunAsync(int keys)
    {
        Process[] children = [.. Enumerable.Range(0, Processes).Select(_ => ChildProcess.Start(ChildCommand, (keys / Processes).ToString(CultureInfo.InvariantCulture)))];
        var rates = new Dictionary<string, double>();
        while (await ReadAsync(children) is [{ } what, ..])
        {
            foreach (Process child in children)
            {
                await child.StandardInput.WriteLineAsync("go");
                await child.StandardInput.FlushAsync();
            }

            string?[] seconds = await ReadAsync(children);
            rates[what] = keys / seconds.Max(text => double.Parse(text!, CultureInfo.InvariantCulture));
        }

        foreach (Process child in children)
        {
            await child.WaitForExitAsync();
            child.Dispose();
        }

        return rates;
    }

    /// <summary>Says what comes next, waits for a line, does it, and says how many seconds it took.</summary>
    public static async Task ChildAsync(int keys)
    {
        await WorkAsync(100_000, static async (_, work) => await work()); // all is compiled before it is measured
        await WorkAsync(keys, static async (what, work) =>
        {
            GC.Collect();
            Console.WriteLine(what);
            await Console.In.ReadLineAsync();
            long start = Stopwatch.GetTimestamp();
            await work();
            Console.WriteLine(Stopwatch.GetElapsedTime(start).TotalSeconds.ToString(CultureInfo.InvariantCulture));
        });
    }

    private static async Task WorkAsync(int keys, Func<string, Func<Task>, Task> measure)
    {
        IndexEntry[] entries = [.. Enumerable.Range(0, keys).Select(i => ArrayEntries.Make(ArrayEntries.Scattered(i, keys)))];
        EntryKey[] places = MemoryWork.Places(keys, keys);
        using var scratch = new ScratchDirectory();
        await using var index = new FasterStoreIndex(scratch["index"], MemoryWork.Options(keys));
        await measure("push", async () =>
        {
            foreach (IndexEntry entry in entries)
            {
                await index.PushAsync(entry, CancellationToken.None);
            }
        });
        await measure("find", async () =>
        {
            foreach (EntryKey place in places)
            {
                await index.FindAsync(place, CancellationToken.None);
            }
        });
        await measure("mark", async () =>
        {
            foreach (EntryKey place in places)
            {
                await index.MarkAsync(place, DateTimeOffset.UnixEpoch, CancellationToken.None);
            }
        });
    }

    private static Task<string?[]> ReadAsync(Process[] children) => Task.WhenAll(children.Select(child => child.StandardOutput.ReadLineAsync()));
}
