using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using ZarrCache.Benchmarks.Harness;

namespace ZarrCache.Benchmarks.Gateway;

/// <summary>A server on loopback that is measured, as a process of its own; ended when this is disposed of.</summary>
internal sealed class ServingProcess : IDisposable
{
    private readonly Process _process;

    private ServingProcess(Process process, Uri address)
    {
        _process = process;
        Address = address;
    }

    public Uri Address { get; }

    /// <summary>The most memory that the process has had resident so far, in bytes, the mapped files of the runtime included.</summary>
    public long PeakMemory
    {
        get
        {
            string line = File.ReadLines($"/proc/{_process.Id}/status").First(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
            return long.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
        }
    }

    /// <summary>The gateway as users start it, built as this program is.</summary>
    public static async Task<ServingProcess> StartGatewayAsync(Uri origin, string cache)
    {
        string repository = Path.GetFullPath(Path.Combine(ResultsFile.FindDirectory(), "../.."));
        string own = Path.GetRelativePath(Path.Combine(repository, "benchmarks/ZarrCache.Benchmarks"), AppContext.BaseDirectory);
        Process process = Start(
            Path.Combine(repository, "src/Cli", own, "zarr-cache"), "serve", "--store", $"s={origin}", "--cache", cache, "--urls", "http://127.0.0.1:0", "--json");
        using JsonDocument line = JsonDocument.Parse(await FirstLineAsync(process));
        return new ServingProcess(process, new Uri(line.RootElement.GetProperty("addresses")[0].GetString() + "/s/"));
    }

    public static async Task<ServingProcess> StartBareAsync(string directory)
    {
        Process process = ChildProcess.Start(BareHandler.ChildCommand, directory);
        return new ServingProcess(process, new Uri(await FirstLineAsync(process)));
    }

    /// <summary>nginx with its own cache of the same origin, as its manual would set it up for large static objects.</summary>
    public static async Task<ServingProcess> StartNginxAsync(Uri origin, string directory)
    {
        int port = FindFreePort();
        Directory.CreateDirectory(directory);
        string config = Path.Combine(directory, "nginx.conf");
        await File.WriteAllTextAsync(config, $$"""
            {{(Environment.UserName == "root" ? "user root;" : "")}}
            worker_processes 2;
            daemon off;
            pid {{directory}}/nginx.pid;
            error_log {{directory}}/error.log;
            events { worker_connections 4096; }
            http {
                access_log off;
                sendfile on;
                tcp_nodelay on;
                keepalive_requests 1000000000;
                client_body_temp_path {{directory}}/body;
                proxy_temp_path {{directory}}/proxy;
                fastcgi_temp_path {{directory}}/fastcgi;
                uwsgi_temp_path {{directory}}/uwsgi;
                scgi_temp_path {{directory}}/scgi;
                proxy_cache_path {{directory}}/cache levels=1:2 keys_zone=chunks:16m max_size=10g inactive=1d use_temp_path=off;
                server {
                    listen 127.0.0.1:{{port}};
                    location / {
                        proxy_pass {{origin.GetLeftPart(UriPartial.Authority)}};
                        proxy_cache chunks;
                        proxy_cache_valid 200 1d;
                    }
                }
            }
            """);
        Process process = Start("nginx", "-p", directory, "-c", config);
        var server = new ServingProcess(process, new Uri($"http://127.0.0.1:{port}/"));
        await server.WhenListeningAsync();
        return server;
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    private static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardInput = true })!;

    private static async Task<string> FirstLineAsync(Process process) =>
        await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"'{process.StartInfo.FileName}' ended before it listened.");

    private async Task WhenListeningAsync()
    {
        for (int attempt = 0; ; attempt++)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(Address.Host, Address.Port);
                return;
            }
            catch (SocketException) when (attempt < 200 && !_process.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System);
            }
        }
    }

    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
