using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ZarrCache.Benchmarks.Harness;

namespace ZarrCache.Peers;

/// <summary>The peers of Python, measured by <c>peers.py</c> in a process of its own.</summary>
internal static class PythonPeers
{
    public static async Task<IReadOnlyList<SuiteRow>> MeasureAsync(string python, int rounds, PeerWork work)
    {
        using var scratch = new ScratchDirectory();
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "peers.py"), scratch["python"], rounds.ToString(CultureInfo.InvariantCulture), work.Records.ToString(CultureInfo.InvariantCulture),
            .. work.Values.Select(value => string.Create(CultureInfo.InvariantCulture, $"{value.Size}:{value.Count}")),
        ];
        using Process process = Process.Start(new ProcessStartInfo(python, arguments) { RedirectStandardOutput = true })!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"'{python} peers.py' ended with {process.ExitCode}: has it diskcache and fsspec? On Debian: apt-get install python3-diskcache python3-fsspec, and --python /usr/bin/python3.");
        }

        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<SuiteRow>(line)! with { Callers = 1 })];
    }
}
