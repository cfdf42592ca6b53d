using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Sqlite;

namespace ZarrCache.Benchmarks.Sqlite;

/// <summary>Every entry once, in one order.</summary>
internal static class EnumerateBenchmark
{
    public static async Task<Comparison> RunAsync(FilledDatabase filled, int keys, int rounds, IndexOrder order)
    {
        string clause = order switch
        {
            IndexOrder.Key => "ORDER BY store, key, \"offset\"",
            IndexOrder.LastAccess => "ORDER BY last_access",
            _ => "",
        };
        string name = order switch
        {
            IndexOrder.Key => "by key",
            IndexOrder.LastAccess => "by last access",
            _ => "unsorted",
        };
        var comparison = new Comparison($"enumerate {keys:N0} entries {name}", "raw loop over the same columns", "entries", 0.6);
        await using var index = new SqliteStoreIndex(filled.Path);
        using var database = RawDatabase.Open(filled.Path);
        for (int round = 0; round < rounds; round++)
        {
            await comparison.MeasureAsync(
                round,
                () => Comparison.RateAsync(keys, async () =>
                {
                    long count = 0;
                    await foreach (IndexEntry entry in index.EnumerateAsync(new IndexQuery(Order: order), CancellationToken.None))
                    {
                        count++;
                    }

                    Require(count == keys);
                }),
                () => Comparison.RateAsync(keys, () =>
                {
                    Require(database.Enumerate(clause) == keys);
                    return Task.CompletedTask;
                }));
        }

        return comparison;
    }

    private static void Require(bool complete)
    {
        if (!complete)
        {
            throw new InvalidOperationException("An enumeration was not complete.");
        }
    }
}
