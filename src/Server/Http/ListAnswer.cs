using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ZarrCache.Server.Http;

/// <summary>
/// Answers <c>/{store}/?list</c>: the keys that the origin lists, below <c>prefix</c> if one is given; of an origin that cannot
/// list those that the metadata allow, and then <c>exact</c> is false. <c>?list=cached</c> gives those that are cached whole. Streamed.
/// </summary>
internal sealed partial class ListAnswer(Gateway gateway, ILogger<ListAnswer> logger)
{
    private const int FlushAt = 32 << 10;

    private readonly ILogger _logger = logger;

    public async Task SendAsync(HttpContext context, ServedStore store)
    {
        CancellationToken ct = context.RequestAborted;
        string prefix = context.Request.Query["prefix"].ToString();
        string kind = context.Request.Query["list"].ToString();
        try
        {
            ZarrKey.ValidatePrefix(prefix);
            if (kind is not ("" or "cached"))
            {
                throw new ArgumentException($"list is '{kind}'; it must be empty, or 'cached'.");
            }

            bool exact = true;
            IAsyncEnumerator<string> keys;
            if (kind == "cached")
            {
                keys = ListCached(store, prefix, ct).GetAsyncEnumerator(ct);
            }
            else
            {
                (keys, exact) = await OpenAsync(store, prefix, ct);
            }

            await using (keys)
            {
                // A failure before the first key is told by the status.
                bool any = await keys.MoveNextAsync();
                await WriteAsync(context, store, prefix, exact, keys, any);
            }
        }
        catch (ArgumentException fault)
        {
            await PlainText.WriteAsync(context, StatusCodes.Status400BadRequest, fault.Message);
        }
        catch (Exception) when (ct.IsCancellationRequested)
        {
            // the client is gone
        }
        catch (Exception failure) when (failure is ZarrCacheException or NotSupportedException or ObjectDisposedException)
        {
            gateway.Requests.AddFailure();
            LogFailed(failure, store.Id, prefix);
            if (context.Response.HasStarted)
            {
                context.Abort();
                return;
            }

            (int status, string reason) = OriginFailureAnswer.Of(failure, store) ?? (StatusCodes.Status501NotImplemented, failure.Message);
            await PlainText.WriteAsync(context, failure is Metadata.ZarrMetadataException ? StatusCodes.Status501NotImplemented : status, reason);
        }
    }

    private static async Task<(IAsyncEnumerator<string> Keys, bool Exact)> OpenAsync(ServedStore store, string prefix, CancellationToken ct)
    {
        try
        {
            IAsyncEnumerator<string> listed = store.Store.ListPrefixAsync(prefix, ct).GetAsyncEnumerator(ct);
            return (await PeekedKeys.OpenAsync(listed), true);
        }
        catch (NotSupportedException)
        {
            WarmPlan plan = await WarmPlan.CreateAsync(store.Store, new WarmScope { Prefix = prefix }, ct);
            return (plan.Keys.ToAsyncEnumerable().GetAsyncEnumerator(ct), false);
        }
    }

    private async IAsyncEnumerable<string> ListCached(ServedStore store, string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (IndexEntry entry in gateway.Cache.Index.EnumerateAsync(new IndexQuery(store.Id, prefix, EntryKind.Value, IndexOrder.Key), ct))
        {
            yield return entry.Key;
        }
    }

    private static async Task WriteAsync(HttpContext context, ServedStore store, string prefix, bool exact, IAsyncEnumerator<string> keys, bool any)
    {
        HttpResponse response = context.Response;
        response.ContentType = "application/json";
        response.Headers.CacheControl = "no-store";
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        await using var json = new Utf8JsonWriter(response.BodyWriter, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteString("store", store.Id);
        json.WriteString("prefix", prefix);
        json.WriteBoolean("exact", exact);
        json.WriteStartArray("keys");
        for (; any; any = await keys.MoveNextAsync())
        {
            json.WriteStringValue(keys.Current);
            if (json.BytesPending > FlushAt)
            {
                json.Flush();
                await response.BodyWriter.FlushAsync(context.RequestAborted);
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The keys of store '{StoreId}' below '{Prefix}' cannot be listed.")]
    private partial void LogFailed(Exception exception, string storeId, string prefix);
}
