using ZarrCache.Benchmarks.Harness;

namespace ZarrCache.Benchmarks.Gateway;

/// <summary>All that is measured of the gateway, against nginx and a bare handler of Kestrel, into one file.</summary>
internal static class GatewayBenchmarks
{
    private const int Seconds = 3;
    private const int MemoryClients = 200;

    private static readonly int Connections = 2 * Environment.ProcessorCount;

    private static readonly ObjectSet Small = new("c/65536/", 64, 64 << 10), Medium = new("c/1048576/", 64, 1 << 20), Large = new("c/8388608/", 16, 8 << 20);

    /// <param name="rounds">How often each comparison is repeated.</param>
    public static async Task RunAsync(int rounds)
    {
        if (LoadGenerator.Missing is { Length: > 0 } missing)
        {
            Console.Error.WriteLine($"{string.Join(", ", missing)}: not installed; {LoadGenerator.Install}");
            return;
        }

        using var scratch = new ScratchDirectory();
        await using ObjectOrigin origin = await ObjectOrigin.StartAsync();
        using ServingProcess gateway = await ServingProcess.StartGatewayAsync(origin.Address, scratch["cache"]);
        using ServingProcess nginx = await ServingProcess.StartNginxAsync(origin.Address, scratch["nginx"]);
        await FillAsync(gateway.Address, Small, Medium);
        await FillAsync(nginx.Address, Small, Medium);
        using ServingProcess bare = await ServingProcess.StartBareAsync(Path.Combine(scratch["cache"], "chunks/s.zarr"));
        string work = Directory.CreateDirectory(scratch["load"]).FullName;

        Console.WriteLine(Comparison.Header);
        (Comparison Row, ServingProcess Yardstick, ObjectSet Objects, double Scale)[] rows =
        [
            (new("cached 64 KiB chunks", "nginx", "requests", 0.45), nginx, Small, 1),
            (new("cached 64 KiB chunks", "the bare handler", "requests", 0.8), bare, Small, 1),
            (new("cached 1 MiB chunks", "nginx", "MiB", 1), nginx, Medium, 1),
            (new("cached 1 MiB chunks", "the bare handler", "MiB", null), bare, Medium, 1),
        ];
        double best = 0;
        foreach ((Comparison row, ServingProcess yardstick, ObjectSet objects, double scale) in rows)
        {
            await RateAsync(gateway, objects);
            await RateAsync(yardstick, objects);
            for (int round = 0; round < rounds; round++)
            {
                await row.MeasureAsync(
                    round,
                    async () => scale * await RateAsync(gateway, objects),
                    async () =>
                    {
                        double rate = await RateAsync(yardstick, objects);
                        best = yardstick == nginx && objects == Small ? Math.Max(best, rate) : best;
                        return scale * rate;
                    });
            }
        }

        string[] limits = [await LatencyAsync(best / 3), await MissLatency.RunAsync(origin, gateway.Address), await MemoryAsync(origin, scratch["large"], work)];
        await ResultsFile.WriteAsync(
            "gateway.md",
            $"The gateway against nginx and a bare handler of Kestrel, {rounds} rounds",
            [
                Comparison.Header, .. rows.Select(row => row.Row.ToRow()), "",
                $"Each round is {Seconds} seconds of wrk with {Connections} connections over 64 objects, all cached and in the page cache; the load has the same processors. nginx is `proxy_cache` over the same origin with sendfile, tcp_nodelay and two workers: it verifies nothing, and its bytes do not pass through the process. The bare handler reads the gateway's own files into the connection's memory, up to 1 MiB at a time, without an index, verification or conditions.", "",
                "| What | Measured | Asked | Met |", "|---|---|---|---|", .. limits,
            ]);

        Task<double> RateAsync(ServingProcess server, ObjectSet objects) => LoadGenerator.RateAsync(server.Address, objects, Connections, Seconds, work);

        async Task<string> LatencyAsync(double rate)
        {
            var ratios = new List<double>();
            var ours = new List<double>();
            var theirs = new List<double>();
            for (int round = 0; round < rounds; round++)
            {
                foreach (bool isOurs in (bool[])[round % 2 == 0, round % 2 != 0])
                {
                    (isOurs ? ours : theirs).Add(await LoadGenerator.LatencyAsync((isOurs ? gateway : nginx).Address, Small, Connections, rate, Seconds, work));
                }

                ratios.Add(ours[^1] / theirs[^1]);
            }

            string row = ResultsFile.Invariant(
                $"| p99 of a hit of 64 KiB at {rate:N0} requests/s, a third of nginx's best | {Median(ours):N0} µs; nginx {Median(theirs):N0} µs; {Median(ratios):0.00}× ({string.Join(" ", ratios.Select(ratio => ResultsFile.Invariant($"{ratio:0.00}")))}) | ≤ 2× | {(Median(ratios) <= 2 ? "yes" : "**no**")} |");
            Console.WriteLine(row);
            return row;
        }
    }

    /// <summary>A gateway of its own, whose cache is empty at first: misses are in it, and then hits.</summary>
    private static async Task<string> MemoryAsync(ObjectOrigin origin, string cache, string work)
    {
        using ServingProcess gateway = await ServingProcess.StartGatewayAsync(origin.Address, cache);
        double rate = await LoadGenerator.RateAsync(gateway.Address, Large, MemoryClients, 2 * Seconds, work);
        long peak = gateway.PeakMemory;
        string row = ResultsFile.Invariant(
            $"| memory while {MemoryClients} clients read {Large.Count} objects of 8 MiB, first not cached and then cached (resident, the most there was; {rate * 8:N0} MiB/s) | {peak / 1e6:N0} MB | ≤ 400 MB | {(peak <= 400_000_000 ? "yes" : "**no**")} |");
        Console.WriteLine(row);
        return row;
    }

    /// <summary>Reads all once, and again until nothing of it comes from the origin.</summary>
    private static async Task FillAsync(Uri server, params ObjectSet[] sets)
    {
        using var client = new HttpClient();
        foreach ((string key, int size) in sets.SelectMany(set => set.Keys.Select(key => (key, set.Size))))
        {
            byte[] bytes = await client.GetByteArrayAsync(new Uri(server, key));
            if (bytes.Length != size)
            {
                throw new InvalidOperationException($"'{key}' came from {server} with {bytes.Length} bytes.");
            }
        }
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
