using System.Diagnostics;
using System.Globalization;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Faster;

namespace ZarrCache.Benchmarks.Faster;

/// <summary>A process of its own with a log of 64 MiB in memory and the rest on disk: what it does in a second, its memory, and how fast the index is opened.</summary>
internal static class SpilledWork
{
    public const string ChildCommand = "faster-spilled-child";

    private const long LogMemory = 64L << 20;
    private const int Operations = 200_000;

    /// <summary>Runs the child, and gives the figures that it prints, by name.</summary>
    public static async Task<Dictionary<string, double>> RunAsync(int keys)
    {
        using Process child = ChildProcess.Start(ChildCommand, keys.ToString(CultureInfo.InvariantCulture));
        var figures = new Dictionary<string, double>();
        while (await child.StandardOutput.ReadLineAsync() is { } line)
        {
            Console.WriteLine(line);
            string[] fields = line.Split(' ');
            figures[fields[0]] = double.Parse(fields[1], CultureInfo.InvariantCulture);
        }

        await child.WaitForExitAsync();
        return figures;
    }

    public static async Task ChildAsync(int keys)
    {
        using var scratch = new ScratchDirectory();
        var options = new FasterStoreIndexOptions { LogMemoryBytes = LogMemory, ExpectedKeys = keys };
        long most = 0;
        await using (var index = new FasterStoreIndex(scratch["index"], options))
        {
            Tell("push", await MemoryWork.PushAsync(index, keys));
            Sample();
        }

        long start = Stopwatch.GetTimestamp();
        await using (var index = new FasterStoreIndex(scratch["index"], options))
        {
            Tell("recovery", Stopwatch.GetElapsedTime(start).TotalSeconds);
            Sample();
            EntryKey[] places = MemoryWork.Places(keys, Operations);
            Tell("find", await MemoryWork.RateAsync(places, async key => MemoryWork.Require(await index.FindAsync(key, CancellationToken.None) is not null)));
            Tell("pop", await MemoryWork.PopAsync(index, Operations));
            Sample();
            Tell("mark", await MemoryWork.RateAsync(places[..(Operations / 4)], key => index.MarkAsync(key, DateTimeOffset.UnixEpoch, CancellationToken.None)));
            Sample();
            start = Stopwatch.GetTimestamp();
            long count = 0;
            await foreach (IndexEntry _ in index.EnumerateAsync(default, CancellationToken.None))
            {
                count++;
                if (count % 1_000_000 == 0)
                {
                    Sample();
                }
            }

            MemoryWork.Require(count == (await index.GetTotalsAsync(null, CancellationToken.None)).Count);
            Tell("scan", count / Stopwatch.GetElapsedTime(start).TotalSeconds);
            Tell("memory", most);
            Tell("disk", Directory.GetFiles(scratch["index"]).Sum(file => new FileInfo(file).Length));
        }

        void Sample() => most = Math.Max(most, ProcessMemory.Anonymous() ?? 0);
    }

    /// <summary>Reads of FasterKV from disk, a thousand under way at a time.</summary>
    public static double PendingReads(int keys)
    {
        using var scratch = new ScratchDirectory();
        using var raw = new RawLog(scratch["raw"], LogMemory, MemoryWork.TableBytes(keys));
        MemoryWork.PushRaw(raw, keys);
        byte[][] places = MemoryWork.RawPlaces(keys, Operations);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < places.Length; i++)
        {
            raw.BeginRead(places[i]);
            if (i % 1000 == 999)
            {
                raw.Complete();
            }
        }

        raw.Complete();
        return places.Length / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static void Tell(string name, double figure) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} {figure}"));
}
