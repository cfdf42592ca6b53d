using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace ZarrCache.Index.Redis.Tests;

/// <summary>A redis-server of its own on a free port, without persistence, that ends with whoever started it.</summary>
internal sealed class RedisProcess : IAsyncDisposable
{
    /// <summary>How a machine comes by it.</summary>
    public const string Install = "apt-get install -y --no-install-recommends redis-server";

    private const string Program = "redis-server";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _directory = Directory.CreateTempSubdirectory("zarrcache-redis-").FullName;
    private readonly string[] _options;
    private readonly bool _isTls;
    private Process? _process;

    private RedisProcess(int port, string[] options, (string CertificateFile, string KeyFile)? certificate)
    {
        Port = port;
        string text = port.ToString(CultureInfo.InvariantCulture);
        _isTls = certificate is not null;
        _options = certificate is { } given
            ? ["--port", "0", "--tls-port", text, "--tls-cert-file", given.CertificateFile, "--tls-key-file", given.KeyFile, "--tls-ca-cert-file", given.CertificateFile, "--tls-auth-clients", "no", .. options]
            : ["--port", text, .. options];
    }

    /// <summary>Whether this machine has it.</summary>
    public static bool IsInstalled => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(directory => File.Exists(Path.Combine(directory, Program)));

    public int Port { get; }

    public string Address => string.Create(CultureInfo.InvariantCulture, $"{(_isTls ? "rediss" : "redis")}://127.0.0.1:{Port}");

    /// <summary>Starts one without TLS.</summary>
    /// <inheritdoc cref="StartAsync(string[], ValueTuple{string, string}?, CancellationToken)"/>
    public static Task<RedisProcess> StartAsync(string[] options, CancellationToken ct) => StartAsync(options, null, ct);

    /// <summary>Starts one.</summary>
    /// <param name="options">More options of its command line.</param>
    /// <param name="certificate">The PEM files of a certificate and of its key, for TLS; null for none.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<RedisProcess> StartAsync(string[] options, (string CertificateFile, string KeyFile)? certificate, CancellationToken ct)
    {
        var server = new RedisProcess(FreePort.Find(), options, certificate);
        await server.StartAgainAsync(ct);
        return server;
    }

    /// <summary>Starts it on the same port, empty.</summary>
    public async Task StartAgainAsync(CancellationToken ct)
    {
        _process?.Dispose();
        _process = Process.Start(new ProcessStartInfo(
            Program, ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _directory, "--logfile", Path.Combine(_directory, "log"), .. _options]))!;
        long start = Stopwatch.GetTimestamp();
        while (!await AnswersAsync(ct))
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(start) > Patience)
            {
                throw new InvalidOperationException($"The {Program} that was started does not answer.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, ct);
        }
    }

    /// <summary>Ends it at once, as a crash would.</summary>
    public async Task KillAsync(CancellationToken ct)
    {
        _process!.Kill();
        await _process.WaitForExitAsync(ct);
    }

    /// <summary>It goes on existing and answers nobody, until <see cref="ResumeAsync"/>.</summary>
    public Task PauseAsync(CancellationToken ct) => SignalAsync("STOP", ct);

    public Task ResumeAsync(CancellationToken ct) => SignalAsync("CONT", ct);

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill(); // a paused one too
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task SignalAsync(string signal, CancellationToken ct)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(ct);
    }

    private async Task<bool> AnswersAsync(CancellationToken ct)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", Port, ct);
            if (_isTls)
            {
                return true; // it has nothing to load, and answers as soon as it listens
            }

            NetworkStream stream = client.GetStream();
            await stream.WriteAsync("PING\r\n"u8.ToArray(), ct);
            return await stream.ReadAtLeastAsync(new byte[5], 5, throwOnEndOfStream: false, ct) == 5;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }
}
