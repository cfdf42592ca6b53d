using System.Diagnostics;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Sqlite;

namespace ZarrCache.Benchmarks.Parts;

/// <summary>The look-up of the parts that a range overlaps, among few and among many parts of one key.</summary>
internal static class LookUpBenchmark
{
    private const int PartSize = 1000;
    private const int LookUps = 20_000;

    public static async Task<string[]> RunAsync()
    {
        using var scratch = new ScratchDirectory();
        return [await RowAsync("memory", () => new MemoryStoreIndex()), await RowAsync("SQLite", () => new SqliteStoreIndex(scratch[$"{Guid.NewGuid():N}.db"]))];
    }

    private static async Task<string> RowAsync(string name, Func<IStoreIndex> open)
    {
        double few = await MicrosecondsAsync(open, 100);
        double many = await MicrosecondsAsync(open, 10_000);
        return ResultsFile.Invariant($"| {name}: look-up of the 3 parts under a range, among 10,000 parts of one key; among 100 | {many:0.0} µs; {few:0.0} µs | O(log n + answer) | {(many < 5 * few ? "yes" : "**no**")} |");
    }

    private static async Task<double> MicrosecondsAsync(Func<IStoreIndex> open, int parts)
    {
        await using IStoreIndex index = open();
        for (int i = 0; i < parts; i++)
        {
            await index.PushAsync(
                new IndexEntry { StoreId = "s", Key = "shard", Kind = EntryKind.Part, Offset = (long)i * PartSize, Size = PartSize, ObjectSize = (long)parts * PartSize, Version = i + 1 },
                CancellationToken.None);
        }

        var random = new Random(1);
        for (int warm = 1; ; warm--)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < LookUps; i++)
            {
                IReadOnlyList<IndexEntry> found = await index.FindPartsAsync("s", "shard", ((long)random.Next(parts - 2) * PartSize) + 1, 2 * PartSize, CancellationToken.None);
                if (found.Count != 3)
                {
                    throw new InvalidOperationException($"{found.Count} parts were found instead of 3.");
                }
            }

            if (warm == 0)
            {
                return Stopwatch.GetElapsedTime(start).TotalMicroseconds / LookUps;
            }
        }
    }
}
