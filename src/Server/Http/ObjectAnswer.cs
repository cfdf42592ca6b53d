using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ZarrCache.Server.Http;

/// <summary>Answers GET and HEAD of a key.</summary>
internal sealed partial class ObjectAnswer(Gateway gateway, IOptions<ZarrCacheOptions> options, ILogger<ObjectAnswer> logger, TimeProvider time)
{
    private readonly ILogger _logger = logger;

    private readonly string _cacheControl = options.Value.ClientMaxAge > TimeSpan.Zero
        ? string.Create(CultureInfo.InvariantCulture, $"max-age={(long)options.Value.ClientMaxAge.TotalSeconds}")
        : "no-cache";

    /// <summary>Answers; whatever fails, with a status that says so, or by breaking off what has begun.</summary>
    public async Task SendAsync(HttpContext context, ServedStore store, string key)
    {
        CancellationToken aborted = context.RequestAborted;
        try
        {
            await ReadAndSendAsync(context, store, key, aborted);
        }
        catch (Exception) when (aborted.IsCancellationRequested)
        {
            // the client is gone; what others wait for goes on
        }
        catch (Exception failure)
        {
            gateway.Requests.AddFailure();
            (int Status, string Reason)? known = OriginFailureAnswer.Of(failure, store);
            if (known is { } origin)
            {
                store.LastFault = new OriginFault(time.GetUtcNow(), origin.Reason);
                LogOriginFailed(store.Id, key, origin.Reason);
            }
            else
            {
                LogFailed(failure, store.Id, key);
            }

            if (context.Response.HasStarted)
            {
                // Fewer bytes than announced: the client knows that it has not got all.
                context.Abort();
                return;
            }

            Retract(context.Response);
            await PlainText.WriteAsync(context, known?.Status ?? StatusCodes.Status500InternalServerError, known?.Reason ?? "The gateway failed; its log says why.");
        }
    }

    private async Task ReadAndSendAsync(HttpContext context, ServedStore store, string key, CancellationToken ct)
    {
        IHeaderDictionary request = context.Request.Headers;
        bool isHead = HttpMethods.IsHead(context.Request.Method); // for which Range has no meaning
        RangeHeader range = isHead || request.Range.Count == 0 ? default : RangeHeader.Parse(request.Range.ToString());
        ReadResult result;
        try
        {
            result = await store.Store.GetAsync(key, new ReadOptions(range.Form == RangeForm.One ? range.Range : ByteRange.All, HeadersOnly: isHead), ct);
        }
        catch (RangeNotSatisfiableException unsatisfiable)
        {
            // Whether that is the answer depends on conditions that come first, for which the object must be known.
            bool isSuffixOfNothing = range.Range.IsSuffix && unsatisfiable.Size == 0;
            range = new RangeHeader(isSuffixOfNothing ? RangeForm.Ignored : RangeForm.Unsatisfiable, ByteRange.All);
            result = await store.Store.GetAsync(key, default, ct);
        }

        try
        {
            if (result.Status == ReadStatus.Absent)
            {
                Describe(context.Response, result, tag: null);
                await PlainText.WriteAsync(context, StatusCodes.Status404NotFound, $"Store '{store.Id}' has no '{key}'.");
                return;
            }

            string? tag = Validators.TagOf(result.Info);
            if (Validators.IsConditional(request))
            {
                ReadStatus status = Validators.Evaluate(request, tag, result.Info.LastModified);
                if (status != ReadStatus.Found)
                {
                    Describe(context.Response, result, tag);
                    context.Response.StatusCode = status == ReadStatus.NotModified ? StatusCodes.Status304NotModified : StatusCodes.Status412PreconditionFailed;
                    return;
                }
            }

            if (range.Form != RangeForm.Ignored && !Validators.AllowsRange(request.IfRange, tag, result.Info.LastModified))
            {
                if (range.Form == RangeForm.One)
                {
                    await result.DisposeAsync();
                    result = await store.Store.GetAsync(key, default, ct);
                    tag = Validators.TagOf(result.Info);
                    if (result.Status == ReadStatus.Absent)
                    {
                        throw new ObjectChangedException(key);
                    }
                }

                range = default;
            }

            Describe(context.Response, result, tag);
            if (range.Form == RangeForm.Unsatisfiable)
            {
                context.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{result.Info.Size}");
                await PlainText.WriteAsync(context, StatusCodes.Status416RangeNotSatisfiable, $"The object has {result.Info.Size} bytes, none of which is in the range.");
                return;
            }

            await SendBytesAsync(context, result, key, range.Form == RangeForm.One, isHead, ct);
        }
        finally
        {
            await result.DisposeAsync();
        }
    }

    /// <summary>What is said of the object whatever the status.</summary>
    private void Describe(HttpResponse response, ReadResult result, string? tag)
    {
        IHeaderDictionary headers = response.Headers;
        headers.CacheControl = result.IsStale ? "no-store" : _cacheControl;
        headers["Cache-Status"] = result.IsStale ? "ZarrCache; hit; detail=stale" : result.IsCached ? "ZarrCache; hit" : "ZarrCache; fwd=miss";
        if (result.IsStale)
        {
            headers.Warning = "110 - \"Response is Stale\"";
        }

        if (tag is not null)
        {
            headers.ETag = tag;
        }

        if (result.Info.LastModified is { } modified)
        {
            headers.LastModified = modified.ToString("R", CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Takes back what was said of an object that cannot be sent; what browsers are told of other sites stays.</summary>
    private static void Retract(HttpResponse response)
    {
        foreach (string name in (string[])["Accept-Ranges", "Cache-Status", "Content-Range", "ETag", "Last-Modified", "Warning"])
        {
            response.Headers.Remove(name);
        }
    }

    private async Task SendBytesAsync(HttpContext context, ReadResult result, string key, bool isPart, bool isHead, CancellationToken ct)
    {
        HttpResponse response = context.Response;
        response.StatusCode = isPart ? StatusCodes.Status206PartialContent : StatusCodes.Status200OK;
        response.ContentType = ZarrKey.IsMetadata(key) || key.EndsWith(".json", StringComparison.Ordinal) ? "application/json" : "application/octet-stream";
        response.ContentLength = result.Length;
        response.Headers.AcceptRanges = "bytes";
        if (isPart)
        {
            response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {result.Offset}-{result.Offset + result.Length - 1}/{result.Info.Size}");
        }

        if (isHead || result.Length == 0)
        {
            return;
        }

        if (result.IsCached)
        {
            await StartAsync(response, result, ct);
        }

        await result.CopyToAsync(response.BodyWriter, ct);
        gateway.Requests.AddBytes(result.Length - result.Remaining);
        if (result.Remaining > 0)
        {
            context.Abort(); // the client has left
        }
    }

    /// <summary>
    /// Sends the headers and the first block of a cached object. That block is read and verified before anything is said, so that
    /// the status still tells if neither the file nor the origin has it, at the price of one copy; once the headers are written, the file is read
    /// into the connection's own memory. Kestrel would copy what comes before them, too, and in pieces of 4 KiB.
    /// </summary>
    private static async ValueTask StartAsync(HttpResponse response, ReadResult result, CancellationToken ct)
    {
        int length = (int)Math.Min(result.Remaining, BlockChecksums.BlockSize);
        byte[] block = ArrayPool<byte>.Shared.Rent(length);
        await result.ReadAsync(block.AsMemory(0, length), ct); // if it fails, the storage may still write into the block: it goes to nobody else
        await response.StartAsync(ct);
        block.AsSpan(0, length).CopyTo(response.BodyWriter.GetSpan(length));
        ArrayPool<byte>.Shared.Return(block);
        response.BodyWriter.Advance(length);
        await response.BodyWriter.FlushAsync(ct);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "'{Key}' of store '{StoreId}' cannot be served: {Reason}")]
    private partial void LogOriginFailed(string storeId, string key, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "'{Key}' of store '{StoreId}' cannot be served.")]
    private partial void LogFailed(Exception exception, string storeId, string key);
}
