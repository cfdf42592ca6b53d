using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Win32.SafeHandles;

namespace ZarrCache.Benchmarks.Gateway;

/// <summary>
/// What Kestrel does at best with files: a handler that knows no index, verifies nothing and refuses nothing, and reads a file
/// straight into the connection's memory. Runs as a process of its own.
/// </summary>
internal static class BareHandler
{
    public const string ChildCommand = "gateway-bare-child";

    /// <summary>As large as the gateway's blocks: with pieces of 64 KiB it sends 1 MiB more slowly than the gateway does.</summary>
    private const int Piece = 1 << 20;

    /// <summary>Serves a directory until the standard input ends; writes its address first.</summary>
    public static async Task ChildAsync(string directory)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        await using WebApplication app = builder.Build();
        app.Run(context => SendAsync(context, directory));
        await app.StartAsync();
        Console.WriteLine(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single());
        await Console.In.ReadToEndAsync();
    }

    private static async Task SendAsync(HttpContext context, string directory)
    {
        using SafeFileHandle file = File.OpenHandle(directory + context.Request.Path.Value);
        long length = RandomAccess.GetLength(file);
        HttpResponse response = context.Response;
        response.ContentLength = length;
        response.ContentType = "application/octet-stream";
        await response.StartAsync();
        for (long position = 0; position < length;)
        {
            int most = (int)Math.Min(Piece, length - position);
            int count = RandomAccess.Read(file, response.BodyWriter.GetSpan(most)[..most], position);
            response.BodyWriter.Advance(count);
            position += count;
            await response.BodyWriter.FlushAsync(context.RequestAborted);
        }
    }
}
