using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Xunit;

namespace ZarrCache.Index.Redis.Tests;

/// <summary>A redis-server of its own on a free port, without persistence, that ends with the test.</summary>
internal sealed class RedisProcess : IAsyncDisposable
{
    /// <summary>Set where a missing server must fail a test, and not skip it.</summary>
    private const string Required = "ZARRCACHE_REQUIRE_REDIS";

    private const string Missing = "There is no redis-server here: apt-get install -y --no-install-recommends redis-server";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _directory = Directory.CreateTempSubdirectory("zarrcache-redis-").FullName;
    private readonly string[] _options;
    private Process? _process;

    private RedisProcess(int port, string[] options)
    {
        Port = port;
        _options = options;
    }

    public int Port { get; }

    public string Address => string.Create(CultureInfo.InvariantCulture, $"redis://127.0.0.1:{Port}");

    /// <summary>Starts one; skips the test where there is no redis-server.</summary>
    /// <param name="options">More options of its command line.</param>
    public static async Task<RedisProcess> StartAsync(params string[] options)
    {
        var server = new RedisProcess(FreePort.Find(), options);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts it on the same port, empty.</summary>
    public async Task StartAgainAsync()
    {
        string port = Port.ToString(CultureInfo.InvariantCulture);
        try
        {
            _process = Process.Start(new ProcessStartInfo(
                "redis-server", ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _directory, "--loglevel", "warning", .. _options])
            {
                RedirectStandardOutput = true,
            });
        }
        catch (Win32Exception) when (Environment.GetEnvironmentVariable(Required) is null)
        {
            Assert.Skip(Missing);
        }
        catch (Win32Exception)
        {
            Assert.Fail(Missing);
        }

        long start = Stopwatch.GetTimestamp();
        while (!await AnswersAsync())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience && !_process!.HasExited, "The redis-server that the test started does not answer.");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Ends it at once, as a crash would.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>It goes on existing and answers nobody, until <see cref="ResumeAsync"/>.</summary>
    public Task PauseAsync() => SignalAsync("STOP");

    public Task ResumeAsync() => SignalAsync("CONT");

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill(); // a paused one too
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process?.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task SignalAsync(string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", Port, TestContext.Current.CancellationToken);
            NetworkStream stream = client.GetStream();
            await stream.WriteAsync("PING\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
            return await stream.ReadAtLeastAsync(new byte[5], 5, throwOnEndOfStream: false, TestContext.Current.CancellationToken) == 5;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }
}
