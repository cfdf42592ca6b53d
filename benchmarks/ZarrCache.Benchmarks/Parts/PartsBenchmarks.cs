using ZarrCache.Benchmarks.Harness;
using ZarrCache.Benchmarks.ReadPath;

namespace ZarrCache.Benchmarks.Parts;

/// <summary>All that is measured of byte ranges kept as parts, into one file.</summary>
internal static class PartsBenchmarks
{
    private const int PartSize = 64 << 10;
    private const int Parts = 1000;
    private const int Readers = 64;

    /// <param name="otherKeys">How many other keys the index has.</param>
    /// <param name="rounds">How often each comparison is repeated.</param>
    public static async Task RunAsync(int otherKeys, int rounds)
    {
        List<string> limits =
        [
            .. await ShardsBenchmark.RunAsync("*", "all arrays of `eraint-v3-sharded.zarr`"),
            .. await ShardsBenchmark.RunAsync("jet", "the sparse array `jet`"),
            ShardsBenchmark.OverlapRow(await ShardsBenchmark.OverlapAsync(2), 2),
            ShardsBenchmark.OverlapRow(await ShardsBenchmark.OverlapAsync(Readers), Readers),
            .. await LookUpBenchmark.RunAsync(),
            await LargeObjectBenchmark.RunAsync(1L << 30, 128L << 20),
        ];
        limits.ForEach(Console.WriteLine);
        Console.WriteLine(Comparison.Header);
        string row;
        await using (var cache = new FilledCache())
        {
            await cache.AddOtherKeysAsync(otherKeys);
            ((string Key, ByteRange Range)[] parts, string[] files) = await cache.CachePartsAsync(Parts, PartSize);
            row = (await HitBenchmark.MeasureAsync(
                cache.Store, $"hit of a part of {PartSize >> 10} KiB, {Parts:N0} parts of one key, {otherKeys:N0} other keys", parts, files, PartSize, rounds, 0.5)).ToRow();
        }

        await ResultsFile.WriteAsync("parts.md", $"Byte ranges kept as parts, SQLite and file system, {rounds} rounds", [Comparison.Header, row, "", "| What | Measured | Asked | Met |", "|---|---|---|---|", .. limits]);
    }
}
