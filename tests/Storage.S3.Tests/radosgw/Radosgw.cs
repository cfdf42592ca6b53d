using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace ZarrCache.Storage.S3.Tests;

/// <summary>Ceph's S3 server on loopback, on ports that are free, with its objects in memory. It ends with this process, however that ends.</summary>
public sealed class Radosgw : IAsyncDisposable
{
    public const string AccessKey = "testaccess";
    public const string SecretKey = "testsecret-not-to-be-shown";

    /// <summary>How a machine comes by it.</summary>
    public const string Install = "apt-get install -y --no-install-recommends ceph-mon ceph-osd radosgw";

    /// <summary>What the script uses from its first port on.</summary>
    private const int Ports = 22;

    private readonly Process _script;
    private readonly string _directory;

    private Radosgw(Process script, string directory, Uri endpoint)
    {
        _script = script;
        _directory = directory;
        Endpoint = endpoint;
    }

    public Uri Endpoint { get; }

    /// <summary>Whether this machine has it.</summary>
    public static bool IsInstalled => new[] { "ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "monmaptool" }.All(program =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(directory => File.Exists(Path.Combine(directory, program))));

    /// <summary>Starts one. Ports that another program takes in the meantime are given up for others.</summary>
    /// <param name="certificate">The PEM files of a certificate and of its key, for TLS; null for none.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<Radosgw> StartAsync((string CertificateFile, string KeyFile)? certificate, CancellationToken ct)
    {
        string[] files = certificate is { } given ? [given.CertificateFile, given.KeyFile] : [];
        for (int attempt = 1; ; attempt++)
        {
            string directory = Path.Combine(Directory.CreateTempSubdirectory("zarrcache-radosgw-").FullName, "ceph");
            int port = FindFreePorts();
            Process script = Process.Start(new ProcessStartInfo("bash", [Path.Combine(AppContext.BaseDirectory, "radosgw", "radosgw.sh"), directory, $"{port}", AccessKey, SecretKey, .. files])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
            var server = new Radosgw(script, directory, new Uri($"{(certificate is null ? "http" : "https")}://127.0.0.1:{port}/"));
            string? said = await script.StandardOutput.ReadLineAsync(ct);
            if (said == "ready")
            {
                return server;
            }

            await server.DisposeAsync();
            if (attempt == 3)
            {
                throw new InvalidOperationException($"radosgw did not start: {said}");
            }
        }
    }

    /// <summary>Starts one without TLS.</summary>
    /// <inheritdoc cref="StartAsync(ValueTuple{string, string}?, CancellationToken)"/>
    public static Task<Radosgw> StartAsync(CancellationToken ct) => StartAsync(null, ct);

    /// <summary>Ends the S3 server at once; what it holds remains.</summary>
    public Task KillAsync(CancellationToken ct) => SayAsync("kill", "killed", ct);

    /// <summary>Starts it again.</summary>
    public Task RestartAsync(CancellationToken ct) => SayAsync("start", "ready", ct);

    public async ValueTask DisposeAsync()
    {
        _script.StandardInput.Close();
        await _script.WaitForExitAsync();
        _script.Dispose();
        Directory.Delete(Path.GetDirectoryName(_directory)!, recursive: true);
    }

    private async Task SayAsync(string word, string answer, CancellationToken ct)
    {
        await _script.StandardInput.WriteLineAsync(word.AsMemory(), ct);
        await _script.StandardInput.FlushAsync(ct);
        string? said = await _script.StandardOutput.ReadLineAsync(ct);
        if (said != answer)
        {
            throw new InvalidOperationException($"radosgw.sh answered '{said}' to '{word}'.");
        }
    }

    /// <summary>The first of enough free ports in a row, below those that the system gives to clients.</summary>
    private static int FindFreePorts()
    {
        for (int attempt = 0; attempt < 100; attempt++)
        {
            int first = Random.Shared.Next(20_000, 32_000);
            if (Enumerable.Range(first, Ports).All(IsFree))
            {
                return first;
            }
        }

        throw new InvalidOperationException($"There are no {Ports} free ports in a row.");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
