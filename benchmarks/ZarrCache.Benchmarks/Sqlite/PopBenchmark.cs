using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Sqlite;

namespace ZarrCache.Benchmarks.Sqlite;

/// <summary>Eviction in batches of 1000 from a full index.</summary>
internal static class PopBenchmark
{
    private const int Batch = 1000;

    public static async Task<Comparison> RunAsync(FilledDatabase filled, int keys, int rounds)
    {
        int count = keys / 2;
        var comparison = new Comparison($"pop {count:N0} of {keys:N0} keys in batches of 1000", "raw prepared SELECT and DELETE, same schema and pragmas, no totals", "keys", 0.7);
        for (int round = 0; round < rounds; round++)
        {
            await comparison.MeasureAsync(round, () => OursAsync(filled, count), () => RawAsync(filled, count));
        }

        return comparison;
    }

    private static async Task<double> OursAsync(FilledDatabase filled, int count)
    {
        using var scratch = new ScratchDirectory();
        await using var index = new SqliteStoreIndex(filled.CopyTo(scratch));
        return await Comparison.RateAsync(count, async () =>
        {
            for (int popped = 0; popped < count;)
            {
                popped += (await index.PopAsync(new PopRequest(Count: Batch), CancellationToken.None)).Count;
            }
        });
    }

    private static async Task<double> RawAsync(FilledDatabase filled, int count)
    {
        using var scratch = new ScratchDirectory();
        using var database = RawDatabase.Open(filled.CopyTo(scratch));
        return await Comparison.RateAsync(count, () =>
        {
            for (int popped = 0; popped < count;)
            {
                popped += database.Pop(Batch);
            }

            return Task.CompletedTask;
        });
    }
}
