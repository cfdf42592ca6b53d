using System.Diagnostics;
using ZarrCache.Benchmarks.Harness;

namespace ZarrCache.Benchmarks.Gateway;

/// <summary>How much later than the origin gives it the first byte of a miss arrives: through the gateway, and without it.</summary>
internal static class MissLatency
{
    private const int Reads = 100;

    public static async Task<string> RunAsync(ObjectOrigin origin, Uri gateway)
    {
        using var client = new HttpClient();
        var through = new List<double>();
        var direct = new List<double>();
        for (int i = -10; i < Reads; i++) // the first ten are for the compiler
        {
            string key = ResultsFile.Invariant($"slow/{1 << 20}/{i + 10}");
            double more = await ReadAsync(client, new Uri(gateway, key), origin);
            double alone = await ReadAsync(client, new Uri(origin.Address, key), origin);
            if (i >= 0)
            {
                through.Add(more);
                direct.Add(alone);
            }
        }

        (double ours, double theirs) = (Percentile(through, 50), Percentile(direct, 50));
        return ResultsFile.Invariant(
            $"| first byte of a miss of 1 MiB after the origin's first byte, median of {Reads} | {ours:0.00} ms (p95 {Percentile(through, 95):0.00}); {theirs:0.00} ms without the gateway | ≤ 5 ms more | {(ours - theirs <= 5 ? "yes" : "**no**")} |");
    }

    /// <summary>Milliseconds from the origin's first byte to the client's; the answer is read to its end.</summary>
    private static async Task<double> ReadAsync(HttpClient client, Uri url, ObjectOrigin origin)
    {
        using HttpResponseMessage response = (await client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead)).EnsureSuccessStatusCode();
        await using Stream body = await response.Content.ReadAsStreamAsync();
        await body.ReadExactlyAsync(new byte[1]);
        double time = Stopwatch.GetElapsedTime(origin.FirstByteAt).TotalMilliseconds;
        await body.CopyToAsync(Stream.Null);
        return time;
    }

    private static double Percentile(List<double> values, int percent) => values.Order().ElementAt(values.Count * percent / 100);
}
