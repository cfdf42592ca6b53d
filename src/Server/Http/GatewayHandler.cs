using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ZarrCache.Server.Metrics;
using ZarrCache.Server.Page;

namespace ZarrCache.Server.Http;

/// <summary>Answers every request of the gateway: refuses, counts, and passes on to who knows. Read-only by design.</summary>
internal sealed partial class GatewayHandler(
    Gateway gateway, IOptions<ZarrCacheOptions> options, RequestGuard guard, CrossOrigin crossOrigin,
    ObjectAnswer objects, ListAnswer lists, PageAnswer page, MetricsAnswer metrics, ILogger<GatewayHandler> logger)
{
    private readonly ILogger _logger = logger;
    private readonly int _maxRequests = options.Value.MaxConcurrentRequests;

    public async Task HandleAsync(HttpContext context)
    {
        int active = gateway.Requests.Begin();
        try
        {
            context.Response.Headers.XContentTypeOptions = "nosniff";
            if (guard.Check(context) is { } refusal)
            {
                await RefuseAsync(context, refusal);
                return;
            }

            if (active > _maxRequests)
            {
                context.Response.Headers.RetryAfter = "1";
                await RefuseAsync(context, new(StatusCodes.Status503ServiceUnavailable, $"more than {_maxRequests} requests are under way; come back in a second"));
                return;
            }

            if (crossOrigin.Answer(context))
            {
                return;
            }

            await DispatchAsync(context);
        }
        finally
        {
            gateway.Requests.End();
        }

        if (_logger.IsEnabled(LogLevel.Debug))
        {
            LogAnswered(context.Request.Method, context.Request.Path.Value ?? "", context.Response.StatusCode);
        }
    }

    private Task DispatchAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (request.Method is not ("GET" or "HEAD")) // methods are case-sensitive
        {
            context.Response.Headers.Allow = "GET, HEAD";
            return RefuseAsync(context, new(StatusCodes.Status405MethodNotAllowed, "the gateway is read-only: it answers GET and HEAD"));
        }

        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!RequestTarget.TryGetPath(target, CountOwnSegments(context), out string? path, out string? fault))
        {
            return RefuseAsync(context, new(StatusCodes.Status400BadRequest, fault));
        }

        int slash = path.IndexOf('/');
        ReadOnlySpan<char> first = slash < 0 ? path : path.AsSpan(0, slash);
        if (gateway.FindStore(first) is { } store)
        {
            return AnswerOfStoreAsync(context, store, slash < 0 ? "" : path[(slash + 1)..]);
        }

        return path switch
        {
            "" => PageAnswer.SendFileAsync(context, "index.html"),
            "metrics" => metrics.SendAsync(context),
            "healthz" => SendHealthAsync(context),
            _ when path.StartsWith("-/", StringComparison.Ordinal) => page.SendAsync(context, path[2..]),
            "favicon.ico" or "robots.txt" => PlainText.WriteAsync(context, StatusCodes.Status404NotFound, "There is none."),

            // Not 404, which a reader of Zarr takes for a chunk of fill values: the store may be back after the next start.
            _ => RefuseAsync(context, new(StatusCodes.Status421MisdirectedRequest, $"there is no store '{first}' here; there is {string.Join(", ", gateway.Stores.Keys.Order(StringComparer.Ordinal))}")),
        };
    }

    private Task AnswerOfStoreAsync(HttpContext context, ServedStore store, string key)
    {
        if (context.Request.QueryString.HasValue && context.Request.Query.ContainsKey("list"))
        {
            return key.Length == 0
                ? lists.SendAsync(context, store)
                : RefuseAsync(context, new(StatusCodes.Status400BadRequest, $"a list is asked for as /{store.Id}/?list&prefix={key.TrimEnd('/')}/"));
        }

        if (key.Length == 0 || key[^1] == '/')
        {
            return PlainText.WriteAsync(context, StatusCodes.Status404NotFound, $"This is no key of store '{store.Id}'; its keys are listed by /{store.Id}/?list.");
        }

        return ZarrKey.IsValid(key)
            ? objects.SendAsync(context, store, key)
            : RefuseAsync(context, new(StatusCodes.Status400BadRequest, "the path is no key: a key has no empty segment, and at most 1024 bytes"));
    }

    /// <summary>Segments in front of the gateway's own: those of the application's base path and of the prefix it was mapped to.</summary>
    private static int CountOwnSegments(HttpContext context)
    {
        int segments = context.GetEndpoint() is RouteEndpoint endpoint ? endpoint.RoutePattern.PathSegments.Count - 1 : 0;
        return context.Request.PathBase.HasValue ? segments + context.Request.PathBase.Value.AsSpan().Count('/') : segments;
    }

    private async Task SendHealthAsync(HttpContext context)
    {
        try
        {
            await gateway.Cache.Index.GetTotalsAsync(null, context.RequestAborted);
            await PlainText.WriteAsync(context, StatusCodes.Status200OK, "ok");
        }
        catch (ZarrCacheException failure)
        {
            await PlainText.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, $"the index does not answer: {failure.Message}");
        }
    }

    private static Task RefuseAsync(HttpContext context, Refusal refusal)
    {
        if (refusal.CloseConnection)
        {
            context.Response.Headers.Connection = "close";
        }

        return PlainText.WriteAsync(context, refusal.Status, refusal.Reason);
    }

    /// <summary>The path, never the query, which may be anybody's secret.</summary>
    [LoggerMessage(Level = LogLevel.Debug, Message = "{Method} {Path}: {Status}")]
    private partial void LogAnswered(string method, string path, int status);
}
