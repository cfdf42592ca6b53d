using System.Diagnostics;
using System.Globalization;

namespace ZarrCache.Benchmarks.Gateway;

/// <summary>wrk and h2load, from Debian's packages: clients that cost less than what they measure.</summary>
internal static class LoadGenerator
{
    public const string Install = "apt-get install nginx-light wrk nghttp2-client";

    /// <summary>Programs that are missing, of those that are needed.</summary>
    public static string[] Missing =>
        [.. ((string[])["nginx", "wrk", "h2load"]).Where(program => !(Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin").Split(':').Any(directory => File.Exists(Path.Combine(directory, program))))];

    /// <summary>Answers a second, as many as come; each connection asks for one key after the other.</summary>
    /// <param name="server">Where.</param>
    /// <param name="objects">What.</param>
    /// <param name="connections">At once.</param>
    /// <param name="seconds">How long.</param>
    /// <param name="directory">For the script.</param>
    public static async Task<double> RateAsync(Uri server, ObjectSet objects, int connections, int seconds, string directory)
    {
        string script = Path.Combine(directory, "wrk.lua");
        await File.WriteAllTextAsync(script, $$"""
            local requests, at = {}, 0
            init = function()
                for i = 0, {{objects.Count - 1}} do requests[i] = wrk.format("GET", "{{server.AbsolutePath}}{{objects.Prefix}}" .. i) end
            end
            request = function()
                at = (at + 1) % {{objects.Count}}
                return requests[at]
            end
            """);
        string output = await RunAsync("wrk", "-t2", $"-c{connections}", $"-d{seconds}s", "--timeout", "30s", "-s", script, server.GetLeftPart(UriPartial.Authority));
        if (output.Contains("Non-2xx", StringComparison.Ordinal) || output.Contains("Socket errors", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"Not every request to {server} was answered:\n{output}");
        }

        string line = output.Split('\n').First(text => text.StartsWith("Requests/sec:", StringComparison.Ordinal));
        return double.Parse(line["Requests/sec:".Length..], CultureInfo.InvariantCulture);
    }

    /// <summary>The 99th percentile of the time to the end of an answer, at a given rate, in microseconds.</summary>
    public static async Task<double> LatencyAsync(Uri server, ObjectSet objects, int connections, double rate, int seconds, string directory)
    {
        string urls = Path.Combine(directory, "urls.txt"), log = Path.Combine(directory, "h2load.log");
        await File.WriteAllLinesAsync(urls, objects.Keys.Select(key => new Uri(server, key).ToString()));
        File.Delete(log);
        int each = (int)Math.Round(rate / connections);
        await RunAsync("h2load", "--h1", $"-c{connections}", "-t1", $"--rps={each}", $"-D{seconds}", "-i", urls, $"--log-file={log}");
        string[][] answers = [.. (await File.ReadAllLinesAsync(log)).Select(line => line.Split('\t'))];
        if (answers.Length < each * connections * seconds * 0.9 || answers.Any(answer => answer[1] != "200"))
        {
            throw new InvalidOperationException($"{server} answered {answers.Length} of {each * connections * seconds} requests, or not all with 200.");
        }

        double[] times = [.. answers.Select(answer => double.Parse(answer[2], CultureInfo.InvariantCulture)).Order()];
        return times[(int)(times.Length * 0.99)];
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} ended with {process.ExitCode}:\n{output}");
    }
}

/// <summary>Objects of one size at the origin, under the keys <c>PREFIX0</c>, <c>PREFIX1</c>, ….</summary>
internal sealed record ObjectSet(string Prefix, int Count, int Size)
{
    public IEnumerable<string> Keys => Enumerable.Range(0, Count).Select(i => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{i}"));
}
