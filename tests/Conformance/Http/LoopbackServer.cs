using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using ZarrCache.Conformance.Tls;

namespace ZarrCache.Conformance.Http;

/// <summary>
/// A well-behaved HTTP server on loopback before a store or a directory: GET and HEAD, one range, ETag, Last-Modified,
/// If-Match, If-None-Match, If-Modified-Since. Counts what it is asked, and lets a test step in before each answer.
/// </summary>
public sealed class LoopbackServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly IZarrStore _store;
    private readonly ConcurrentDictionary<string, int> _requestsByKey = new();
    private readonly ConcurrentQueue<string> _log = new();
    private long _bytesSent;

    private LoopbackServer(WebApplication app, IZarrStore store)
    {
        _app = app;
        _store = store;
    }

    /// <summary>Where the keys lie: <c>http://127.0.0.1:port/</c>, or <c>https:</c>.</summary>
    public Uri BaseAddress { get; private set; } = null!;

    /// <summary>How many requests came, refused ones included.</summary>
    public int Requests => _log.Count;

    /// <summary>Bytes of bodies that were sent by the store behind (not by <see cref="Intercept"/>).</summary>
    public long BytesSent => Interlocked.Read(ref _bytesSent);

    /// <summary>Every request so far, in order: <c>GET u/0.0</c>, with its range if it had one: <c>GET u/0.0 bytes=0-9</c>.</summary>
    public IReadOnlyCollection<string> Log => _log;

    /// <summary>Called instead of the answer; calls its second argument to let the answer happen. Null: nothing steps in.</summary>
    public Func<HttpContext, RequestDelegate, Task>? Intercept { get; set; }

    /// <summary>Starts a server before a directory. The files are read for each request, so a test may change them.</summary>
    public static Task<LoopbackServer> StartAsync(string directory, CancellationToken ct) => StartAsync(new DirectoryOrigin(directory), ct);

    /// <summary>Starts a server before a store, which it does not dispose of; with TLS if the tests of this process run over it.</summary>
    public static Task<LoopbackServer> StartAsync(IZarrStore store, CancellationToken ct) => StartAsync(store, TestCertificate.Given, ct);

    /// <summary>Starts a server with TLS, or without if there is no certificate.</summary>
    public static async Task<LoopbackServer> StartAsync(IZarrStore store, TestCertificate? certificate, CancellationToken ct)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate.Load());
            }
        }));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        WebApplication app = builder.Build();
        var server = new LoopbackServer(app, store);
        app.Run(server.HandleAsync);
        await app.StartAsync(ct);
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        server.BaseAddress = new Uri(address + "/");
        return server;
    }

    /// <summary>How many requests came for one key.</summary>
    public int RequestsFor(string key) => _requestsByKey.GetValueOrDefault(key);

    /// <summary>Forgets the counts.</summary>
    public void Reset()
    {
        _log.Clear();
        _requestsByKey.Clear();
        Interlocked.Exchange(ref _bytesSent, 0);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    /// <summary>The key that a request asks for: its path as it was sent, each segment unescaped once.</summary>
    public static string KeyOf(HttpContext context)
    {
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return string.Join('/', target.Split('?')[0].TrimStart('/').Split('/').Select(Uri.UnescapeDataString));
    }

    private Task HandleAsync(HttpContext context)
    {
        string key = KeyOf(context);
        _requestsByKey.AddOrUpdate(key, 1, (_, count) => count + 1);
        _log.Enqueue($"{context.Request.Method} {key} {context.Request.Headers.Range}".TrimEnd());
        return Intercept is { } intercept ? intercept(context, AnswerAsync) : AnswerAsync(context);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        RequestHeaders request = context.Request.GetTypedHeaders();
        HttpResponse response = context.Response;
        if (context.Request.Method is not ("GET" or "HEAD"))
        {
            response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        ByteRange range = RangeOf(request.Range);
        var options = new ReadOptions(range, TagOf(request.IfMatch), TagOf(request.IfNoneMatch), request.IfModifiedSince);
        try
        {
            await using ReadResult result = await _store.GetAsync(KeyOf(context), options, context.RequestAborted);
            response.StatusCode = result.Status switch
            {
                ReadStatus.Absent => StatusCodes.Status404NotFound,
                ReadStatus.NotModified => StatusCodes.Status304NotModified,
                ReadStatus.PreconditionFailed => StatusCodes.Status412PreconditionFailed,
                _ => range.IsAll ? StatusCodes.Status200OK : StatusCodes.Status206PartialContent,
            };
            if (result.Info.ETag is { } tag)
            {
                response.Headers.ETag = tag;
            }

            if (result.Info.LastModified is { } modified)
            {
                response.Headers.LastModified = modified.ToString("R", CultureInfo.InvariantCulture);
            }

            if (result.Status == ReadStatus.Found)
            {
                await SendAsync(context, result, range);
            }
        }
        catch (RangeNotSatisfiableException unsatisfiable)
        {
            response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
            response.Headers.ContentRange = $"bytes */{unsatisfiable.Size}";
        }
        catch (ArgumentException)
        {
            response.StatusCode = StatusCodes.Status400BadRequest;
        }
    }

    private async Task SendAsync(HttpContext context, ReadResult result, ByteRange range)
    {
        HttpResponse response = context.Response;
        response.ContentType = "application/octet-stream";
        response.ContentLength = result.Length;
        response.Headers.AcceptRanges = "bytes";
        if (!range.IsAll)
        {
            response.Headers.ContentRange = $"bytes {result.Offset}-{result.Offset + result.Length - 1}/{result.Info.Size}";
        }

        if (context.Request.Method == "GET")
        {
            PipeWriter body = response.BodyWriter;
            await result.CopyToAsync(body, context.RequestAborted);
            await body.FlushAsync(context.RequestAborted);
            Interlocked.Add(ref _bytesSent, result.Length);
        }
    }

    private static ByteRange RangeOf(RangeHeaderValue? header)
    {
        if (header is not { Unit.Value: "bytes", Ranges.Count: 1 })
        {
            return ByteRange.All;
        }

        RangeItemHeaderValue item = header.Ranges.First();
        return (item.From, item.To) switch
        {
            ({ } from, { } to) => ByteRange.Slice(from, to - from + 1),
            ({ } from, null) => ByteRange.From(from),
            (null, { } suffix) => ByteRange.Suffix(suffix),
            _ => ByteRange.All,
        };
    }

    private static string? TagOf(IList<EntityTagHeaderValue> tags) => tags.Count == 0 ? null : tags[0].ToString();
}
