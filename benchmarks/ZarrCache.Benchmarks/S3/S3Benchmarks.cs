using ZarrCache.Benchmarks.Harness;
using ZarrCache.Storage.S3.Tests;

namespace ZarrCache.Benchmarks.S3;

/// <summary>All that is measured of S3, as origin and as chunk storage, against a radosgw of its own, into one file.</summary>
internal static class S3Benchmarks
{
    /// <param name="rounds">How often each comparison is repeated.</param>
    public static async Task RunAsync(int rounds)
    {
        if (!Radosgw.IsInstalled)
        {
            Console.Error.WriteLine($"radosgw is not installed: {Radosgw.Install}");
            return;
        }

        await using Radosgw server = await Radosgw.StartAsync(CancellationToken.None);
        await using var bucket = new BenchmarkBucket(server.Endpoint);
        await bucket.CreateAsync();
        Console.WriteLine(Comparison.Header);
        List<string> rows = [];
        foreach ((int size, int reads, double atLeast) in new[] { (1 << 20, 400, 0.9), (64 << 10, 1600, 0.85) })
        {
            rows.Add((await S3ReadBenchmark.GetAsync(bucket, size, reads, rounds, atLeast)).ToRow());
        }

        foreach ((int size, int reads) in new[] { (1 << 20, 400), (64 << 10, 1600) })
        {
            rows.Add((await S3ReadBenchmark.HitAsync(bucket, size, reads, rounds, 0.85)).ToRow());
        }

        rows.Add((await S3MissBenchmark.RunAsync(bucket, rounds)).ToRow());
        List<string> limits = [.. await S3MemoryBenchmark.RunAsync(server.Endpoint)];
        await ResultsFile.WriteAsync(
            "s3.md",
            $"S3 against the SDK's own GetObject, on a radosgw on the same machine, {rounds} rounds",
            [
                Comparison.Header, .. rows, "",
                "The yardstick of reads is AWSSDK.S3's `GetObjectAsync` in a loop, each of 16 tasks reading into a buffer that it reuses. A miss may take 1.1 times as long as the origin alone: 0.91× its rate.", "",
                "| What | Measured | Asked | Met |", "|---|---|---|---|", .. limits,
            ]);
    }
}
