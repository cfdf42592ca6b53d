using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Sqlite;

namespace ZarrCache.HitRatio;

/// <summary>What an access costs each policy, in LRU's, in both indexes: the same marks in a fresh order each round.</summary>
internal static class MarkCost
{
    private const int Entries = 200_000;
    private const int Marks = 400_000;
    private const int Rounds = 5;
    private const double Most = 1.3;

    private static readonly DateTimeOffset At = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static async Task<IReadOnlyList<Target>> MeasureAsync(Action<string> progress, CancellationToken ct)
    {
        var targets = new List<Target>();
        foreach (string kind in (string[])["memory", "SQLite"])
        {
            foreach (EvictionPolicy policy in EvictionPolicy.All.Where(policy => policy != EvictionPolicy.Lru))
            {
                progress($"the time of a mark, {kind}, {policy.Name}");
                targets.Add(Target.AtMost($"time of a mark under {policy.Name} in LRU's, {kind} index of {Entries:N0} entries (median of {Rounds} rounds)", await CompareAsync(kind, policy, ct), Most));
            }
        }

        return targets;
    }

    private static async Task<double> CompareAsync(string kind, EvictionPolicy policy, CancellationToken ct)
    {
        using var scratch = new ScratchDirectory();
        await using IStoreIndex ours = Open(policy, scratch["ours.db"]);
        await using IStoreIndex lru = Open(EvictionPolicy.Lru, scratch["lru.db"]);
        EntryKey[] keys = await FillAsync(ours, ct);
        await FillAsync(lru, ct);
        double[] ratios = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            var random = new Random(round);
            EntryKey[] order = [.. Enumerable.Range(0, Marks).Select(_ => keys[random.Next(Entries)])];
            bool first = round % 2 == 0;
            double one = await RateAsync(first ? ours : lru, order, ct);
            double other = await RateAsync(first ? lru : ours, order, ct);
            ratios[round] = first ? other / one : one / other; // times are the inverse of rates
        }

        return ratios.Order().ElementAt(Rounds / 2);

        IStoreIndex Open(EvictionPolicy which, string path) =>
            kind == "memory" ? new MemoryStoreIndex(which) : new SqliteStoreIndex(path, new SqliteStoreIndexOptions { Policy = which });
    }

    private static async Task<EntryKey[]> FillAsync(IStoreIndex index, CancellationToken ct)
    {
        var random = new Random(1);
        IndexEntry[] entries = [.. Enumerable.Range(0, Entries).Select(i => new IndexEntry
        {
            StoreId = "era5",
            Key = $"u/c/{i / 1000}/{i % 1000}",
            Size = 1 << 20,
            AllocatedSize = random.Next(1 << 16, 1 << 22),
            ObjectSize = 1 << 20,
            LoadDuration = TimeSpan.FromMilliseconds(random.Next(20, 2000)),
        })];
        await index.PushManyAsync(entries, ct);
        return Array.ConvertAll(entries, entry => entry.EntryKey);
    }

    private static Task<double> RateAsync(IStoreIndex index, EntryKey[] order, CancellationToken ct) => Comparison.RateAsync(order.Length, async () =>
    {
        foreach (EntryKey key in order)
        {
            await index.MarkAsync(key, At, ct);
        }

        await index.FlushAsync(ct);
    });
}
