using System.Diagnostics;
using System.Text.Json.Nodes;
using Xunit;

namespace ZarrCache.Cli.Tests;

/// <summary>Runs command lines: within this process, or as processes of their own where it matters.</summary>
internal static class CommandLine
{
    private static string Executable => Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "zarr-cache.exe" : "zarr-cache");

    public static async Task<Ended> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int status = await Program.RunAsync(args, output, error, TestContext.Current.CancellationToken);
        return new Ended(status, output.ToString(), error.ToString());
    }

    public static Process Start(params string[] args) => Start([], args);

    /// <summary>Starts a process in an environment that differs; null takes a variable away.</summary>
    public static Process Start(IEnumerable<KeyValuePair<string, string?>> environment, params string[] args)
    {
        var start = new ProcessStartInfo(Executable, args) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string? value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    public static async Task<Ended> EndAsync(Process process)
    {
        CancellationToken ct = TestContext.Current.CancellationToken;
        Task<string> error = process.StandardError.ReadToEndAsync(ct);
        string output = await process.StandardOutput.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct);
        return new Ended(process.ExitCode, output, await error);
    }
}

internal sealed record Ended(int Status, string Output, string Error)
{
    public JsonNode Json => JsonNode.Parse(Output)!;

    public IEnumerable<JsonNode> Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!);

    /// <summary>This, or a failure that shows what was written.</summary>
    public Ended WithStatus(int expected)
    {
        Assert.True(Status == expected, $"Status {Status} instead of {expected}.\n{Output}\n{Error}");
        return this;
    }
}
