using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace ZarrCache.Reliability;

/// <summary>A process that works on a cache, to be killed.</summary>
internal sealed class Child : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private Child(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _process = Process.Start(start)!;
        _errors = _process.StandardError.ReadToEndAsync();
    }

    public static Child Start(string root, int run, int steps) => new(new ProcessStartInfo(Host, Arguments(root, run, steps)));

    public async Task WhenOpenAsync(CancellationToken ct)
    {
        string? line = await _process.StandardOutput.ReadLineAsync(ct);
        Assert.True(line == "open", line is null ? await _errors : line);
    }

    public void Kill() => _process.Kill(); // SIGKILL

    /// <summary>Waits for the end.</summary>
    /// <returns>Whether it was killed; false if it had done all its work before.</returns>
    public async Task<bool> EndAsync(CancellationToken ct)
    {
        await _process.WaitForExitAsync(ct);
        string errors = await _errors;
        Assert.True(_process.ExitCode is 0 or 128 + 9, $"It ended with {_process.ExitCode}: {errors}");
        return _process.ExitCode != 0;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    /// <summary>What runs <see cref="Program"/>.</summary>
    public static string Host => Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    public static string Program => Path.Combine(AppContext.BaseDirectory, "ZarrCache.Reliability.Child.dll");

    private static string[] Arguments(string root, int run, int steps) =>
        [Program, root, run.ToString(CultureInfo.InvariantCulture), steps.ToString(CultureInfo.InvariantCulture)];
}
