using System.Globalization;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Sqlite;

namespace ZarrCache.Benchmarks.Sqlite;

/// <summary>The largest anonymous private memory of a process of its own that fills an index and then finds, marks and pops in it.</summary>
internal static class MemoryBenchmark
{
    public const string ChildCommand = "sqlite-memory-child";

    private const int Batch = 10_000;

    public static async Task<string> RunAsync(int keys, long mostBytes)
    {
        if (await ChildProcess.RunAsync(ChildCommand, keys.ToString(CultureInfo.InvariantCulture)) is not { } bytes)
        {
            return ResultsFile.Invariant($"| {keys:N0} | not measured on this system | {mostBytes / 1_000_000} MB | |");
        }

        string row = ResultsFile.Invariant($"| {keys:N0} | {bytes / 1e6:0.0} MB | {mostBytes / 1_000_000} MB | {(bytes <= mostBytes ? "yes" : "**no**")} |");
        Console.WriteLine(row);
        return row;
    }

    public static async Task ChildAsync(int keys)
    {
        using var scratch = new ScratchDirectory();
        await using var index = new SqliteStoreIndex(scratch["index.db"]);
        long most = 0;
        var batch = new IndexEntry[Batch];
        for (int i = 0; i < keys; i += Batch)
        {
            for (int j = 0; j < Batch; j++)
            {
                batch[j] = Entries.Make(Scattered(i + j, keys));
            }

            await index.PushManyAsync(batch, CancellationToken.None);
            Sample();
        }

        for (int i = 0; i < keys; i++)
        {
            var key = new EntryKey(Entries.Store, Entries.Key(Scattered(i, keys)));
            await index.FindAsync(key, CancellationToken.None);
            await index.MarkAsync(key, DateTimeOffset.UnixEpoch, CancellationToken.None);
            if (i % 100_000 == 0)
            {
                await index.PopAsync(new PopRequest(Count: 1000), CancellationToken.None);
                Sample();
            }
        }

        await foreach (IndexEntry entry in index.EnumerateAsync(default, CancellationToken.None))
        {
            if (entry.Version % 1_000_003 == 0)
            {
                Sample();
            }
        }

        Sample();
        Console.WriteLine(most == 0 ? "unknown" : most.ToString(CultureInfo.InvariantCulture));

        void Sample() => most = Math.Max(most, ProcessMemory.Anonymous() ?? 0);
    }

    /// <summary>A permutation of the numbers below <paramref name="count"/> that needs no memory.</summary>
    private static int Scattered(int number, int count) => (int)(number * 1_000_003L % count);
}
