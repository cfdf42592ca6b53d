using System.Diagnostics;
using System.Globalization;

namespace ZarrCache.Benchmarks.Harness;

/// <summary>This program once more, for a measurement that needs a process of its own.</summary>
internal static class ChildProcess
{
    /// <summary>The number that the child prints; null if it prints none.</summary>
    public static async Task<long?> RunAsync(params string[] arguments)
    {
        using Process child = Start(arguments);
        child.StandardInput.Close();
        string output = (await child.StandardOutput.ReadToEndAsync()).Trim();
        await child.WaitForExitAsync();
        return long.TryParse(output, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
    }

    /// <summary>A child whose standard input and output are the caller's.</summary>
    public static Process Start(params string[] arguments)
    {
        string self = Environment.ProcessPath!;
        string[] host = Path.GetFileNameWithoutExtension(self) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : [];
        return Process.Start(new ProcessStartInfo(self, [.. host, .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
    }
}
