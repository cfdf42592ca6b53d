using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace ZarrCache.Reliability;

/// <summary>A process that works on a cache, to be killed or to be got into trouble.</summary>
internal sealed class Child : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private Child(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment["DOTNET_EnableDiagnostics"] = "0"; // its pipes and files are no work of the cache
        _process = Process.Start(start)!;
        _errors = _process.StandardError.ReadToEndAsync();
    }

    public string Id => _process.Id.ToString(CultureInfo.InvariantCulture);

    public static Child Start(ChildOptions options) => new(new ProcessStartInfo(Host, Arguments(options)));

    /// <summary>Starts it under strace, which does what is said to a system call: <c>pwrite64:signal=KILL:when=20</c>. With --seccomp-bpf it would be faster, and strace 6.1 would not do it.</summary>
    public static Child StartInjected(ChildOptions options, string injection) =>
        new(new ProcessStartInfo("strace", ["-f", "-qqq", "-o", "/dev/null", "-e", $"trace={injection.Split(':')[0]}", "-e", $"inject={injection}", "--", Host, .. Arguments(options)]));

    /// <summary>Starts it with the clock of <c>faketime</c>: by what the file says, such as <c>+10y</c>, it is wrong, and jumps at most a second after that changes. The dates of files remain those of the system.</summary>
    public static Child StartWithClock(ChildOptions options, string file)
    {
        var start = new ProcessStartInfo(Host, Arguments(options));
        start.Environment["LD_PRELOAD"] = "/usr/$LIB/faketime/libfaketimeMT.so.1";
        start.Environment["FAKETIME_TIMESTAMP_FILE"] = file;
        start.Environment["FAKETIME_CACHE_DURATION"] = "1"; // seconds; without it each look at the clock opens the file
        start.Environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1";
        start.Environment["NO_FAKE_STAT"] = "1";
        return new(start);
    }

    public async Task WhenOpenAsync(CancellationToken ct)
    {
        string? line = await _process.StandardOutput.ReadLineAsync(ct);
        Assert.True(line == "open", line is null ? await _errors : line);
    }

    public void Kill() => _process.Kill(); // SIGKILL

    /// <summary>Tells it that the faults have ended.</summary>
    public async Task RecoverAsync(CancellationToken ct)
    {
        await _process.StandardInput.WriteLineAsync("ended".AsMemory(), ct);
        await _process.StandardInput.FlushAsync(ct);
    }

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

    private static IEnumerable<string> Arguments(ChildOptions options) => [Program, .. options.ToArguments()];
}
