using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Xunit;

namespace ZarrCache.Clients.Tests;

/// <summary><c>zarr-cache serve</c> as a process, on a free port of loopback.</summary>
internal sealed class GatewayProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task<string> _error;

    private GatewayProcess(Process process)
    {
        _process = process;
        _error = process.StandardError.ReadToEndAsync(CancellationToken.None);
    }

    /// <summary>Where it listens, with a slash at the end.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>Starts one, and returns when it listens.</summary>
    /// <param name="home">The home directory of who starts it.</param>
    /// <param name="options">Of its command line.</param>
    public static async Task<GatewayProcess> StartAsync(string home, string[] options)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signal that ends one process gracefully.");
        string program = Path.Combine(AppContext.BaseDirectory, "zarr-cache");
        var start = new ProcessStartInfo(program, ["serve", .. options, "--urls", "http://127.0.0.1:0", "--json"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HOME"] = home;
        var gateway = new GatewayProcess(Process.Start(start)!);
        string? line = await gateway._process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        if (line is null)
        {
            Assert.Fail(await gateway._error);
        }

        gateway.Address = new Uri((string)JsonNode.Parse(line)!["addresses"]![0]! + "/");
        return gateway;
    }

    /// <summary>The URL of a store, as a client is given it.</summary>
    public string UrlOf(string store) => Address + store;

    /// <summary>Tells it to end, as a service manager does, and waits until it has.</summary>
    public async Task StopAsync()
    {
        using Process kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(_process.ExitCode == 0, await _error);
    }

    /// <summary>Ends it at once if it was not stopped.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }
}
