using StackExchange.Redis;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Redis.Tests;

namespace ZarrCache.Benchmarks.Redis;

/// <summary>All that is measured of the Redis index, against commands by hand on the same redis-server, into one file.</summary>
internal static class RedisBenchmarks
{
    private const int MostBytes = 750;

    /// <param name="keys">How many keys the large index has.</param>
    /// <param name="rounds">How often each comparison is repeated.</param>
    /// <param name="only">One part alone, which writes no file.</param>
    public static async Task RunAsync(int keys, int rounds, string? only)
    {
        if (!RedisProcess.IsInstalled)
        {
            Console.Error.WriteLine($"redis-server is not installed: {RedisProcess.Install}");
            return;
        }

        await using RedisProcess server = await RedisProcess.StartAsync([], CancellationToken.None);
        await using ConnectionMultiplexer connection = await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions { EndPoints = { { "127.0.0.1", server.Port } }, AllowAdmin = true, AsyncTimeout = 60_000 });
        var work = new RedisWork(server, connection, rounds);
        int fewer = Math.Min(keys, 100_000);
        Console.WriteLine(Comparison.Header);
        List<Comparison> rows = [];
        List<string> limits = [];
        if (only is null or "batches")
        {
            rows.AddRange(await work.BatchesAsync(fewer));
        }

        if (only is null or "find")
        {
            rows.Add(await work.FindAsync(fewer));
        }

        if (only is null or "single")
        {
            rows.AddRange(await work.SingleAsync(fewer));
        }

        if (only is null or "enumerate")
        {
            (Comparison enumerate, double bytes) = await work.EnumerateAsync(keys);
            rows.Add(enumerate);
            limits.Add(ResultsFile.Invariant($"| memory of an entry in Redis, all orders included, by {keys:N0} of them with keys of 40 characters | {bytes:0} bytes | ≤ {MostBytes} bytes | {(bytes <= MostBytes ? "yes" : "**no**")} |"));
        }

        if (only is null or "cold")
        {
            double requests = await ColdDataset.MeasureAsync(server);
            limits.Add(ResultsFile.Invariant($"| requests to the origin for each key while 4 nodes ask for all of a cold dataset | {requests:0.000} | 1.0 | {(requests is >= 1 and < 1.05 ? "yes" : "**no**")} |"));
        }

        limits.ForEach(Console.WriteLine);
        if (only is null)
        {
            await ResultsFile.WriteAsync(
                "redis.md",
                $"The Redis index against commands by hand, on a redis-server on the same machine, {rounds} rounds",
                [
                    Comparison.Header, .. rows.Select(row => row.ToRow()), "",
                    ResultsFile.Invariant($"Batches, finds and single operations with {fewer:N0} keys. The index remembers no entries here, so that every look-up asks the server. What the yardsticks send was made beforehand; ours makes it, and reads entries from the answers, while the time runs."), "",
                    "| What | Measured | Asked | Met |", "|---|---|---|---|", .. limits,
                ]);
        }
    }
}
