using System.Diagnostics;
using System.Text.Json;

namespace ZarrCache.Cli.Demo;

/// <summary>Runs this tool once more, as a process of its own that reads through the same cache.</summary>
internal static class SecondProcess
{
    public const string CommandName = "demo-reader";

    public static async Task<PassResult> RunAsync(string cacheDirectory, string origin, string storeId, CancellationToken ct)
    {
        var start = new ProcessStartInfo { RedirectStandardOutput = true, RedirectStandardError = true };
        string own = Environment.ProcessPath ?? "dotnet";
        if (Path.GetFileNameWithoutExtension(own) == "zarr-cache")
        {
            start.FileName = own;
        }
        else
        {
            // started as 'dotnet zarr-cache.dll', or from within a test
            start.FileName = Path.GetFileNameWithoutExtension(own) == "dotnet" ? own : "dotnet";
            start.ArgumentList.Add(typeof(SecondProcess).Assembly.Location);
        }

        foreach (string argument in (string[])[CommandName, origin, storeId, "--cache", cacheDirectory])
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start) ?? throw new InvalidOperationException("The second process did not start.");
        try
        {
            Task<string> error = process.StandardError.ReadToEndAsync(ct);
            string output = await process.StandardOutput.ReadToEndAsync(ct);
            await process.WaitForExitAsync(ct);
            return process.ExitCode == 0
                ? JsonSerializer.Deserialize(output, CliJson.Documents.PassResult)!
                : throw new ZarrCacheException($"The second process of the demo ended with status {process.ExitCode}: {await error}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
