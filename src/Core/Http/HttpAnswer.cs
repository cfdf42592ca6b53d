using System.Net;
using System.Net.Http.Headers;

namespace ZarrCache;

/// <summary>What the headers of an answer say, held against what was asked.</summary>
/// <param name="Status">What came of the read.</param>
/// <param name="Info">Of the whole object; its size is −1 where only the end of the body tells it.</param>
/// <param name="Range">What of it is given away: what was asked for, or all where the whole object came and is welcome.</param>
/// <param name="Skip">Bytes at the beginning of the body that are not given away.</param>
internal readonly record struct HttpAnswer(ReadStatus Status, ObjectInfo Info, ByteRange Range = default, long Skip = 0)
{
    /// <summary>Reads the headers.</summary>
    /// <exception cref="RangeNotSatisfiableException">416.</exception>
    /// <exception cref="StoreException">A status that means failure, or headers that contradict the request or each other.</exception>
    public static HttpAnswer Of(HttpResponseMessage response, string key, in ReadOptions asked, HttpZarrStoreOptions options, string url)
    {
        int status = (int)response.StatusCode;
        if (options.IsAbsent(status))
        {
            return new HttpAnswer(ReadStatus.Absent, default);
        }

        return response.StatusCode switch
        {
            HttpStatusCode.OK or HttpStatusCode.PartialContent => Found(response, key, asked, options, url),
            HttpStatusCode.NotModified when asked.IfNoneMatch is not null || asked.IfModifiedSince is not null => new HttpAnswer(ReadStatus.NotModified, InfoOf(response, 0)),
            HttpStatusCode.PreconditionFailed when asked.IsConditional => new HttpAnswer(ReadStatus.PreconditionFailed, InfoOf(response, 0)),
            HttpStatusCode.RequestedRangeNotSatisfiable when !asked.Range.IsAll => throw Unsatisfiable(response, key, asked.Range, url),
            _ => throw new StoreException($"{url} answered {status} ({response.StatusCode})."),
        };
    }

    private static HttpAnswer Found(HttpResponseMessage response, string key, in ReadOptions asked, HttpZarrStoreOptions options, string url)
    {
        HttpContentHeaders content = response.Content.Headers;
        if (content.ContentEncoding.FirstOrDefault(coding => !coding.Equals("identity", StringComparison.OrdinalIgnoreCase)) is { } coding)
        {
            throw new StoreException($"{url} answered with Content-Encoding '{coding}' although 'identity' was asked for: the bytes would not be the object's.");
        }

        if (!options.AllowHtml && content.ContentType?.MediaType?.Equals("text/html", StringComparison.OrdinalIgnoreCase) == true)
        {
            throw new StoreException($"{url} answered {(int)response.StatusCode} with text/html, which is no chunk but a log-in, portal or error page; {nameof(HttpZarrStoreOptions.AllowHtml)} takes it for data.");
        }

        bool isPart = response.StatusCode == HttpStatusCode.PartialContent;
        if (!isPart && content.ContentLength is null && response.Headers.TransferEncodingChunked != true && response.Version < HttpVersion.Version20)
        {
            throw new StoreException($"{url} gives neither Content-Length nor chunks: a body that broke off could not be told from a whole one.");
        }

        ObjectInfo info = InfoOf(response, isPart ? CheckPart(content, asked.Range, url) : content.ContentLength ?? -1);
        ReadStatus status = asked.Evaluate(info);
        ByteRange given = isPart || !asked.AcceptWhole ? asked.Range : ByteRange.All;
        if (status != ReadStatus.Found || isPart || info.Size < 0)
        {
            return new HttpAnswer(status, info, given);
        }

        (long offset, _) = asked.Range.Resolve(key, info.Size);
        return new HttpAnswer(status, info, given, Skip: given.IsAll ? 0 : offset);
    }

    /// <summary>Holds a 206 against the range that was asked for.</summary>
    /// <returns>The size of the whole object.</returns>
    private static long CheckPart(HttpContentHeaders content, ByteRange asked, string url)
    {
        if (asked.IsAll)
        {
            throw new StoreException($"{url} answered 206 (a part) although the whole object was asked for.");
        }

        if (content.ContentRange is not { Unit: "bytes", From: { } from, To: { } to, Length: { } size })
        {
            throw new StoreException($"{url} answered 206 without a Content-Range that tells the range and the size of the object.");
        }

        if (!asked.TryResolve(size, out long offset, out long length) || from != offset || to - from + 1 != length)
        {
            throw new StoreException($"{url} answered another range than asked: {content.ContentRange} for {asked}.");
        }

        return content.ContentLength is null || content.ContentLength == length
            ? size
            : throw new StoreException($"{url} answered {content.ContentRange} with Content-Length {content.ContentLength}, which contradict each other.");
    }

    private static StoreException Unsatisfiable(HttpResponseMessage response, string key, ByteRange asked, string url) =>
        response.Content.Headers.ContentRange?.Length is not { } size ? new StoreException($"{url} answered 416 to {asked} without the size of the object.")
        : asked.TryResolve(size, out _, out _) ? new StoreException($"{url} answered 416 to {asked}, although the object has {size} bytes.")
        : new RangeNotSatisfiableException(key, asked, size);

    private static ObjectInfo InfoOf(HttpResponseMessage response, long size) => new(
        size,
        response.Headers.NonValidated.TryGetValues("ETag", out HeaderStringValues tags) ? tags.ToString() : null,
        response.Content.Headers.LastModified);
}
