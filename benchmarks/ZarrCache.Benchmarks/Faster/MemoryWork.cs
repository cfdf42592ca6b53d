using System.Diagnostics;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Faster;

namespace ZarrCache.Benchmarks.Faster;

/// <summary>What an index and the raw store do in a second with so many keys, the log in memory.</summary>
/// <param name="Push">Pushes of new keys, in no order.</param>
/// <param name="Mark">Accesses, in no order.</param>
/// <param name="Find">Look-ups, in no order.</param>
/// <param name="Pop">Pops, in batches of 1000; none for the raw store.</param>
/// <param name="PopMarked">The same after marks in no order, so that the log says nothing of the priorities.</param>
/// <param name="MarkSaved">Accesses just after a checkpoint, when each copies its record to the end of the log.</param>
/// <param name="Scan">Entries of a scan of all with their texts.</param>
internal sealed record MemoryWork(double Push, double Mark, double Find, double Pop, double PopMarked, double MarkSaved, double Scan)
{
    private const int Batch = 10_000;

    /// <summary>Enough for the log of ten million keys and what is marked of them.</summary>
    public static long LogMemory(int keys) => keys > 2_000_000 ? 4L << 30 : 1L << 30;

    /// <summary>No checkpoint comes by time while it is measured: what one costs the marks after it is a row of its own.</summary>
    public static FasterStoreIndexOptions Options(int keys) => new() { LogMemoryBytes = LogMemory(keys), ExpectedKeys = keys, CheckpointInterval = TimeSpan.FromHours(1) };

    /// <summary>The same work on both in turns, ten thousand operations each, so that whatever else the machine does meets both alike.</summary>
    public static async Task<(MemoryWork Ours, MemoryWork Raw)> RunAsync(int keys, int operations)
    {
        using var scratch = new ScratchDirectory();
        await using var index = new FasterStoreIndex(scratch["index"], Options(keys));
        using var raw = new RawLog(scratch["raw"], LogMemory(keys), TableBytes(keys));

        var entries = new IndexEntry[Batch];
        var records = new RawBatch(Batch);
        (double push, double pushRaw) = await Turns.RunAsync(
            keys,
            Batch,
            first =>
            {
                Fill(entries, first, keys);
                records.Fill(entries);
            },
            async _ =>
            {
                foreach (IndexEntry entry in entries)
                {
                    await index.PushAsync(entry, CancellationToken.None);
                }
            },
            _ =>
            {
                records.Push(raw);
                return Task.CompletedTask;
            });

        EntryKey[] places = Places(keys, operations);
        byte[][] rawPlaces = RawPlaces(keys, operations);
        (double mark, double markRaw) = await Turns.RunAsync(
            operations,
            Batch,
            static _ => { },
            async first =>
            {
                for (int i = first; i < first + Batch; i++)
                {
                    await index.MarkAsync(places[i], DateTimeOffset.UnixEpoch, CancellationToken.None);
                }
            },
            first =>
            {
                for (int i = first; i < first + Batch; i++)
                {
                    raw.Mark(rawPlaces[i], 1);
                }

                return Task.CompletedTask;
            });
        (double find, double findRaw) = await Turns.RunAsync(
            operations,
            Batch,
            static _ => { },
            async first =>
            {
                for (int i = first; i < first + Batch; i++)
                {
                    Require(await index.FindAsync(places[i], CancellationToken.None) is not null);
                }
            },
            first =>
            {
                for (int i = first; i < first + Batch; i++)
                {
                    Require(raw.Read(rawPlaces[i]));
                }

                return Task.CompletedTask;
            });

        double scan = await ScanAsync(index, keys);
        long start = Stopwatch.GetTimestamp();
        Require(raw.ScanTexts(keys) == keys);
        double scanRaw = keys / Stopwatch.GetElapsedTime(start).TotalSeconds;

        double popMarked = await PopAsync(index, operations / 4);
        await index.FlushAsync(CancellationToken.None);
        double markSaved = await RateAsync(places[^(operations / 4)..], key => index.MarkAsync(key, DateTimeOffset.UnixEpoch, CancellationToken.None));
        double pop = await PopOfNewAsync(keys, operations / 4);
        return (new MemoryWork(push, mark, find, pop, popMarked, markSaved, scan), new MemoryWork(pushRaw, markRaw, findRaw, 0, 0, 0, scanRaw));
    }

    /// <summary>Pops of an index that was just filled.</summary>
    private static async Task<double> PopOfNewAsync(int keys, int count)
    {
        using var scratch = new ScratchDirectory();
        await using var index = new FasterStoreIndex(scratch["index"], Options(keys));
        await PushAsync(index, keys);
        return await PopAsync(index, count);
    }

    public static async Task<double> PopAsync(IStoreIndex index, int count)
    {
        GC.Collect();
        long start = Stopwatch.GetTimestamp();
        for (int popped = 0; popped < count;)
        {
            popped += (await index.PopAsync(new PopRequest(Count: 1000), CancellationToken.None)).Count;
        }

        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<double> ScanAsync(FasterStoreIndex index, int keys)
    {
        GC.Collect();
        long start = Stopwatch.GetTimestamp();
        int count = 0;
        await foreach (IndexEntry _ in index.EnumerateAsync(default, CancellationToken.None))
        {
            count++;
        }

        Require(count == keys);
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>The table that the index has for so many keys.</summary>
    public static long TableBytes(int keys) => (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)(keys / 5.5 * 64));

    /// <summary>Pushes keys; making the entries is not counted.</summary>
    public static async Task<double> PushAsync(IStoreIndex index, int keys)
    {
        var batch = new IndexEntry[Batch];
        var time = TimeSpan.Zero;
        for (int first = 0; first < keys; first += Batch)
        {
            Fill(batch, first, keys);
            long start = Stopwatch.GetTimestamp();
            foreach (IndexEntry entry in batch)
            {
                await index.PushAsync(entry, CancellationToken.None);
            }

            time += Stopwatch.GetElapsedTime(start);
        }

        return keys / time.TotalSeconds;
    }

    /// <summary>As <see cref="PushAsync"/>, in batches.</summary>
    public static async Task<double> PushManyAsync(IStoreIndex index, int keys)
    {
        var batch = new IndexEntry[Batch];
        var time = TimeSpan.Zero;
        for (int first = 0; first < keys; first += Batch)
        {
            Fill(batch, first, keys);
            long start = Stopwatch.GetTimestamp();
            await index.PushManyAsync(batch, CancellationToken.None);
            time += Stopwatch.GetElapsedTime(start);
        }

        return keys / time.TotalSeconds;
    }

    /// <summary>Reads, then upserts the same bytes.</summary>
    public static void PushRaw(RawLog raw, int keys)
    {
        var batch = new IndexEntry[Batch];
        var records = new RawBatch(Batch);
        for (int first = 0; first < keys; first += Batch)
        {
            Fill(batch, first, keys);
            records.Fill(batch);
            records.Push(raw);
        }
    }

    private static void Fill(IndexEntry[] batch, int first, int keys)
    {
        for (int i = 0; i < batch.Length; i++)
        {
            batch[i] = ArrayEntries.Make(ArrayEntries.Scattered(first + i, keys));
        }
    }

    public static EntryKey[] Places(int keys, int count) => [.. Enumerable.Range(0, count).Select(i => ArrayEntries.At(ArrayEntries.Scattered(i * 7919L, keys)))];

    public static byte[][] RawPlaces(int keys, int count)
    {
        byte[] key = new byte[256];
        byte[] value = new byte[256];
        return [.. Enumerable.Range(0, count).Select(i => key.AsSpan(0, RawLog.Format(ArrayEntries.Make(ArrayEntries.Scattered(i * 7919L, keys)), key, value).Key).ToArray())];
    }

    public static async Task<double> RateAsync(EntryKey[] places, Func<EntryKey, ValueTask> work)
    {
        GC.Collect();
        long start = Stopwatch.GetTimestamp();
        foreach (EntryKey place in places)
        {
            await work(place);
        }

        return places.Length / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public static void Require(bool condition)
    {
        if (!condition)
        {
            throw new InvalidOperationException("Not all that was pushed is there.");
        }
    }
}
