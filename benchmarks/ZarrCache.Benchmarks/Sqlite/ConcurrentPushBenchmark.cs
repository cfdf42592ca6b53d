using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Sqlite;

namespace ZarrCache.Benchmarks.Sqlite;

/// <summary>Callers of the single push, each waiting until its own is committed.</summary>
internal static class ConcurrentPushBenchmark
{
    public static async Task<Comparison> RunAsync(int pushes, int rounds, int callers, double? atLeast)
    {
        IndexEntry[] entries = Entries.MakeShuffled(pushes);
        var comparison = new Comparison(
            callers == 1 ? "push, one caller" : $"push, {callers} concurrent callers, complete when committed",
            "one caller at a time, raw autocommit",
            "pushes",
            atLeast);
        for (int round = 0; round < rounds; round++)
        {
            await comparison.MeasureAsync(round, () => OursAsync(entries, callers), () => RawAsync(entries));
        }

        return comparison;
    }

    private static async Task<double> OursAsync(IndexEntry[] entries, int callers)
    {
        using var scratch = new ScratchDirectory();
        await using var index = new SqliteStoreIndex(scratch["index.db"]);
        int next = -1;
        return await Comparison.RateAsync(entries.Length, () => Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(CallAsync))));

        async Task CallAsync()
        {
            for (int i = Interlocked.Increment(ref next); i < entries.Length; i = Interlocked.Increment(ref next))
            {
                await index.PushAsync(entries[i], CancellationToken.None);
            }
        }
    }

    private static async Task<double> RawAsync(IndexEntry[] entries)
    {
        using var scratch = new ScratchDirectory();
        using RawDatabase database = await RawDatabase.CreateAsync(scratch["index.db"]);
        return await Comparison.RateAsync(entries.Length, () =>
        {
            foreach (IndexEntry entry in entries)
            {
                database.Insert(entry);
            }

            return Task.CompletedTask;
        });
    }
}
