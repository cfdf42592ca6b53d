using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace ZarrCache.Benchmarks.Gateway;

/// <summary>
/// The origin that both proxies read from, in this process: <c>/ANYTHING/SIZE/NUMBER</c> has SIZE random bytes. Below <c>/slow/</c> it
/// takes its time, gives the first bytes, notes when, and gives the rest later.
/// </summary>
internal sealed class ObjectOrigin : IAsyncDisposable
{
    private const int FirstBytes = 4096;

    private static readonly TimeSpan Think = TimeSpan.FromMilliseconds(10), Pause = TimeSpan.FromMilliseconds(20);

    private readonly byte[] _bytes = new byte[9 << 20];
    private readonly WebApplication _app;
    private long _firstByteAt;

    private ObjectOrigin(WebApplication app)
    {
        _app = app;
        new Random(8).NextBytes(_bytes);
    }

    public Uri Address { get; private set; } = null!;

    /// <summary>When the last slow answer's first bytes were handed to the network: a time stamp of <see cref="Stopwatch"/>.</summary>
    public long FirstByteAt => Interlocked.Read(ref _firstByteAt);

    public static async Task<ObjectOrigin> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        var origin = new ObjectOrigin(app);
        app.Run(origin.SendAsync);
        await app.StartAsync();
        origin.Address = new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single() + "/");
        return origin;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task SendAsync(HttpContext context)
    {
        string[] path = context.Request.Path.Value!.Split('/');
        int size = int.Parse(path[2], CultureInfo.InvariantCulture), number = int.Parse(path[3], CultureInfo.InvariantCulture);
        ReadOnlyMemory<byte> body = _bytes.AsMemory(number * 4096 % (1 << 20), size);
        HttpResponse response = context.Response;
        response.ContentLength = size;
        response.ContentType = "application/octet-stream";
        response.Headers.ETag = $"\"{size}-{number}\"";
        if (path[1] == "slow")
        {
            await Task.Delay(Think, TimeProvider.System);
            Interlocked.Exchange(ref _firstByteAt, Stopwatch.GetTimestamp());
            await response.BodyWriter.WriteAsync(body[..FirstBytes]);
            await Task.Delay(Pause, TimeProvider.System);
            body = body[FirstBytes..];
        }

        await response.BodyWriter.WriteAsync(body);
    }
}
