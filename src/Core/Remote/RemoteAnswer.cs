using System.Net;

namespace ZarrCache;

/// <summary>What the headers of an answer mean, held against what was asked.</summary>
/// <param name="Status">What came of the read.</param>
/// <param name="Info">Of the whole object; its size is −1 where only the end of the body tells it.</param>
/// <param name="Range">What of it is given away: what was asked for, or all where the whole object came and is welcome.</param>
/// <param name="Skip">Bytes at the beginning of the body that are not given away.</param>
internal readonly record struct RemoteAnswer(ReadStatus Status, ObjectInfo Info, ByteRange Range = default, long Skip = 0)
{
    /// <summary>Reads the headers.</summary>
    /// <param name="headers">They.</param>
    /// <param name="key">What was asked for.</param>
    /// <param name="asked">And how.</param>
    /// <param name="isAbsent">Whether the status means that there is no such object.</param>
    /// <param name="place">Where, for messages.</param>
    /// <exception cref="RangeNotSatisfiableException">416.</exception>
    /// <exception cref="StoreException">A status that means failure, or headers that contradict the request or each other.</exception>
    public static RemoteAnswer Of(in AnswerHeaders headers, string key, in ReadOptions asked, bool isAbsent, string place) =>
        isAbsent ? new RemoteAnswer(ReadStatus.Absent, default) : (HttpStatusCode)headers.Status switch
        {
            HttpStatusCode.OK or HttpStatusCode.PartialContent => Found(headers, key, asked, place),
            HttpStatusCode.NotModified when asked.IfNoneMatch is not null || asked.IfModifiedSince is not null => new RemoteAnswer(ReadStatus.NotModified, headers.InfoOf(0)),
            HttpStatusCode.PreconditionFailed when asked.IsConditional => new RemoteAnswer(ReadStatus.PreconditionFailed, headers.InfoOf(0)),
            HttpStatusCode.RequestedRangeNotSatisfiable when !asked.Range.IsAll => throw Unsatisfiable(headers, key, asked.Range, place),
            var status => throw new StoreException($"{place} answered {(int)status} ({status})."),
        };

    private static RemoteAnswer Found(in AnswerHeaders headers, string key, in ReadOptions asked, string place)
    {
        if (headers.ContentCoding is { } coding)
        {
            throw new StoreException($"{place} answered with Content-Encoding '{coding}' although 'identity' was asked for: the bytes would not be the object's.");
        }

        if (headers.IsPage)
        {
            throw new StoreException($"{place} answered {headers.Status} with text/html, which is no chunk but a log-in, portal or error page; {nameof(HttpZarrStoreOptions.AllowHtml)} takes it for data.");
        }

        bool isPart = headers.Status == (int)HttpStatusCode.PartialContent;
        if (!isPart && headers.ContentLength is null && !headers.IsDelimited)
        {
            throw new StoreException($"{place} gives neither Content-Length nor chunks: a body that broke off could not be told from a whole one.");
        }

        ObjectInfo info = headers.InfoOf(isPart ? CheckPart(headers, asked.Range, place) : headers.ContentLength ?? -1);
        ReadStatus status = asked.Evaluate(info);
        ByteRange given = isPart || !asked.AcceptWhole ? asked.Range : ByteRange.All;
        if (status != ReadStatus.Found || isPart || info.Size < 0)
        {
            return new RemoteAnswer(status, info, given);
        }

        (long offset, _) = asked.Range.Resolve(key, info.Size);
        return new RemoteAnswer(status, info, given, Skip: given.IsAll ? 0 : offset);
    }

    /// <summary>Holds a 206 against the range that was asked for.</summary>
    /// <returns>The size of the whole object.</returns>
    private static long CheckPart(in AnswerHeaders headers, ByteRange asked, string place)
    {
        if (asked.IsAll)
        {
            throw new StoreException($"{place} answered 206 (a part) although the whole object was asked for.");
        }

        if (headers.ContentRange is not { Unit: "bytes", From: { } from, To: { } to, Length: { } size })
        {
            throw new StoreException($"{place} answered 206 without a Content-Range that tells the range and the size of the object.");
        }

        if (!asked.TryResolve(size, out long offset, out long length) || from != offset || to - from + 1 != length)
        {
            throw new StoreException($"{place} answered another range than asked: {headers.ContentRange} for {asked}.");
        }

        return headers.ContentLength is null || headers.ContentLength == length
            ? size
            : throw new StoreException($"{place} answered {headers.ContentRange} with Content-Length {headers.ContentLength}, which contradict each other.");
    }

    private static StoreException Unsatisfiable(in AnswerHeaders headers, string key, ByteRange asked, string place) =>
        headers.ContentRange?.Length is not { } size ? new StoreException($"{place} answered 416 to {asked} without the size of the object.")
        : asked.TryResolve(size, out _, out _) ? new StoreException($"{place} answered 416 to {asked}, although the object has {size} bytes.")
        : new RangeNotSatisfiableException(key, asked, size);
}
