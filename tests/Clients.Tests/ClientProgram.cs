using System.ComponentModel;
using System.Diagnostics;
using Xunit;

namespace ZarrCache.Clients.Tests;

/// <summary>Runs the programs of others, and says of what is not there how it is installed.</summary>
internal static class ClientProgram
{
    /// <summary>Set where a client that is missing must fail a test, and not skip it.</summary>
    private const string Required = "ZARRCACHE_REQUIRE_CLIENTS";

    /// <summary>Skips the test, or fails it where nothing may be skipped.</summary>
    public static void Lack(string message)
    {
        Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Required)), message);
        Assert.Fail(message);
    }

    /// <summary>Runs a program to its end; null if there is none of that name.</summary>
    public static async Task<Ended?> TryRunAsync(string program, string[] arguments, string? directory = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = directory ?? "" };
        using Process? process = TryStart(start);
        if (process is null)
        {
            return null;
        }

        CancellationToken ct = TestContext.Current.CancellationToken;
        try
        {
            Task<string> error = process.StandardError.ReadToEndAsync(ct);
            string output = await process.StandardOutput.ReadToEndAsync(ct);
            await process.WaitForExitAsync(ct);
            return new Ended(process.ExitCode, output, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static Process? TryStart(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start);
        }
        catch (Win32Exception)
        {
            return null; // no such program
        }
    }
}

/// <summary>How a program ended, and what it wrote.</summary>
internal sealed record Ended(int Status, string Output, string Error)
{
    /// <summary>This, or a failure that shows what was written.</summary>
    public Ended WithStatus(int expected)
    {
        Assert.True(Status == expected, $"Status {Status} instead of {expected}.\n{Output}\n{Error}");
        return this;
    }
}
