using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using ZarrCache.Metadata;
using ZarrCache.Server.Http;

namespace ZarrCache.Server.Page;

/// <summary>The page and what it asks for, below <c>/-/</c>. The page is embedded as it was written; nothing of it comes from elsewhere.</summary>
internal sealed partial class PageAnswer(Gateway gateway, OriginLatencies latencies, ILogger<PageAnswer> logger, TimeProvider time)
{
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly FrozenDictionary<string, (byte[] Bytes, string Type)> Files = Load();

    /// <summary>How long the arrays of a dataset are remembered: the page must not be counted among the readers.</summary>
    private static readonly TimeSpan HierarchyTime = TimeSpan.FromMinutes(5);

    private readonly ILogger _logger = logger;
    private readonly ConcurrentDictionary<string, (ZarrHierarchy Hierarchy, DateTimeOffset At)> _hierarchies = new(StringComparer.Ordinal);

    public static async Task SendFileAsync(HttpContext context, string name)
    {
        if (!Files.TryGetValue(name, out (byte[] Bytes, string Type) file))
        {
            await PlainText.WriteAsync(context, StatusCodes.Status404NotFound, "There is no such page.");
            return;
        }

        HttpResponse response = context.Response;
        response.ContentType = file.Type;
        response.ContentLength = file.Bytes.Length;
        response.Headers.CacheControl = "no-cache";
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        response.Headers["Referrer-Policy"] = "no-referrer";
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.BodyWriter.WriteAsync(file.Bytes, context.RequestAborted);
        }
    }

    /// <summary>Answers what lies below <c>/-/</c>.</summary>
    public async Task SendAsync(HttpContext context, string path)
    {
        CancellationToken ct = context.RequestAborted;
        IQueryCollection query = context.Request.Query;
        try
        {
            switch (path)
            {
                case "status":
                    await SendAsync(context, await StatusReporter.ReportAsync(gateway, latencies, ct), PageJson.Default.StatusDocument);
                    break;
                case "arrays":
                    await SendAsync(context, await ListArraysAsync(StoreOf(query), query["array"].ToString(), query.ContainsKey("again"), ct), PageJson.Default.ArraysDocument);
                    break;
                case "map":
                    ServedStore store = StoreOf(query);
                    ZarrArray array = await FindArrayAsync(store, query["array"].ToString(), ct);
                    await SendAsync(context, await ChunkMap.DrawAsync(gateway.Cache, store.Id, array, ChunkMapView.Parse(query, array), time.GetUtcNow(), ct), PageJson.Default.ChunkMap);
                    break;
                case "chunk":
                    ServedStore of = StoreOf(query);
                    ZarrArray its = await FindArrayAsync(of, query["array"].ToString(), ct);
                    await SendAsync(context, await ChunkMap.DescribeAsync(gateway.Cache, of.Id, its.GetChunkKey(ChunkMapView.Parse(query, its).At), ct), PageJson.Default.ChunkDocument);
                    break;
                default:
                    await SendFileAsync(context, path);
                    break;
            }
        }
        catch (ArgumentException fault)
        {
            await PlainText.WriteAsync(context, StatusCodes.Status400BadRequest, fault.Message);
        }
        catch (ZarrCacheException failure) when (!context.Response.HasStarted)
        {
            LogFailed(failure, path);
            await PlainText.WriteAsync(context, StatusCodes.Status502BadGateway, failure.Message);
        }
        catch (Exception) when (ct.IsCancellationRequested)
        {
            // the page was closed
        }
    }

    private ServedStore StoreOf(IQueryCollection query)
    {
        string id = query["store"].ToString();
        return gateway.FindStore(id) ?? throw new ArgumentException($"There is no store '{id}' here.");
    }

    private async Task<ArraysDocument> ListArraysAsync(ServedStore store, string path, bool again, CancellationToken ct)
    {
        ZarrHierarchy hierarchy = await OpenAsync(store, again, ct);
        IEnumerable<ZarrArray> arrays = path.Length > 0 ? [await FindArrayAsync(store, path, ct)] : hierarchy.Arrays;
        return new ArraysDocument(
            store.Id, hierarchy.ZarrFormat, hierarchy.IsComplete,
            [.. arrays.Select(array => new ArrayDocument(array.Path, array.DataType, [.. array.Shape], [.. array.ChunkShape], [.. array.GridShape], array.DimensionNames, array.Sharding is not null))]);
    }

    private async Task<ZarrArray> FindArrayAsync(ServedStore store, string path, CancellationToken ct) =>
        (await OpenAsync(store, again: false, ct)).FindArray(path) ?? await ZarrHierarchy.OpenArrayAsync(store.Store, path, ct);

    private async Task<ZarrHierarchy> OpenAsync(ServedStore store, bool again, CancellationToken ct)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (!again && _hierarchies.TryGetValue(store.Id, out var known) && now - known.At < HierarchyTime)
        {
            return known.Hierarchy;
        }

        ZarrHierarchy hierarchy = await ZarrHierarchy.OpenAsync(store.Store, ct);
        _hierarchies[store.Id] = (hierarchy, now);
        return hierarchy;
    }

    private static async Task SendAsync<T>(HttpContext context, T document, JsonTypeInfo<T> type)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await JsonSerializer.SerializeAsync(context.Response.BodyWriter, document, type, context.RequestAborted);
        }
    }

    private static FrozenDictionary<string, (byte[] Bytes, string Type)> Load()
    {
        const string Prefix = "page/";
        var files = new Dictionary<string, (byte[], string)>(StringComparer.Ordinal);
        foreach (string resource in typeof(PageAnswer).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using Stream stream = typeof(PageAnswer).Assembly.GetManifestResourceStream(resource)!;
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            string type = Path.GetExtension(resource) switch
            {
                ".html" => "text/html; charset=utf-8",
                ".css" => "text/css; charset=utf-8",
                ".js" => "text/javascript; charset=utf-8",
                ".svg" => "image/svg+xml",
                _ => "application/octet-stream",
            };
            files.Add(resource[Prefix.Length..], (bytes, type));
        }

        return files.ToFrozenDictionary(StringComparer.Ordinal);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The page's question '{Path}' cannot be answered.")]
    private partial void LogFailed(Exception exception, string path);
}
