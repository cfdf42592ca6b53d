using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Sqlite;

namespace ZarrCache.Benchmarks.Sqlite;

/// <summary>What it costs to record every hit: find and mark, the last flush included, against find alone.</summary>
internal static class MarkBenchmark
{
    public static async Task<Comparison> RunAsync(FilledDatabase filled, int keys, int rounds, bool skewed)
    {
        EntryKey[] hits = skewed ? Skewed(keys) : [.. Entries.Shuffled(keys).Select(number => new EntryKey(Entries.Store, Entries.Key(number)))];
        string which = skewed ? "hits on 1 % of the keys nine times in ten" : "hits on every key once, shuffled (nothing to coalesce)";
        var comparison = new Comparison($"mark on every hit, {keys:N0} {which}", "find alone", "hits", skewed ? 0.7 : null);
        for (int round = 0; round < rounds; round++)
        {
            await comparison.MeasureAsync(round, () => RateAsync(filled, hits, mark: true), () => RateAsync(filled, hits, mark: false));
        }

        return comparison;
    }

    private static EntryKey[] Skewed(int keys)
    {
        var random = new Random(11);
        return [.. Enumerable.Range(0, keys).Select(_ => new EntryKey(Entries.Store, Entries.Key(random.Next(random.Next(10) < 9 ? Math.Max(1, keys / 100) : keys))))];
    }

    private static async Task<double> RateAsync(FilledDatabase filled, EntryKey[] hits, bool mark)
    {
        using var scratch = new ScratchDirectory();
        await using var index = new SqliteStoreIndex(filled.CopyTo(scratch), new SqliteStoreIndexOptions { RememberedEntries = 0 });
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return await Comparison.RateAsync(hits.Length, async () =>
        {
            foreach (EntryKey key in hits)
            {
                if (await index.FindAsync(key, CancellationToken.None) is null)
                {
                    throw new InvalidOperationException($"{key} is not there.");
                }

                if (mark)
                {
                    await index.MarkAsync(key, now, CancellationToken.None);
                }
            }

            await index.FlushAsync(CancellationToken.None);
        });
    }
}
