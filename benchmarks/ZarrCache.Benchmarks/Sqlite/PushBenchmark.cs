using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Sqlite;

namespace ZarrCache.Benchmarks.Sqlite;

/// <summary>Bulk load in random order of keys, in batches of 10,000.</summary>
internal static class PushBenchmark
{
    private const int Batch = 10_000;

    public static async Task<Comparison> RunAsync(int keys, int rounds)
    {
        IndexEntry[] entries = Entries.MakeShuffled(keys);
        var comparison = new Comparison($"push {keys:N0} keys, shuffled, batches of 10,000", "raw prepared INSERT loop, same schema and pragmas, no totals", "keys", 0.8);
        for (int round = 0; round < rounds; round++)
        {
            await comparison.MeasureAsync(round, () => OursAsync(entries), () => RawAsync(entries));
        }

        return comparison;
    }

    private static async Task<double> OursAsync(IndexEntry[] entries)
    {
        using var scratch = new ScratchDirectory();
        await using var index = new SqliteStoreIndex(scratch["index.db"]);
        return await Comparison.RateAsync(entries.Length, async () =>
        {
            for (int i = 0; i < entries.Length; i += Batch)
            {
                await index.PushManyAsync(entries.AsMemory(i, Math.Min(Batch, entries.Length - i)), CancellationToken.None);
            }
        });
    }

    private static async Task<double> RawAsync(IndexEntry[] entries)
    {
        using var scratch = new ScratchDirectory();
        using RawDatabase database = await RawDatabase.CreateAsync(scratch["index.db"]);
        return await Comparison.RateAsync(entries.Length, () =>
        {
            database.PushBatches(entries, Batch);
            return Task.CompletedTask;
        });
    }
}
