using System.Net.Http.Headers;

namespace ZarrCache;

/// <summary>What the headers of an answer say, whoever carried it.</summary>
internal readonly record struct AnswerHeaders
{
    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>The length of the body; null if only its end tells.</summary>
    public long? ContentLength { get; init; }

    /// <summary>Whether the end of a body without a length can be told from a connection that broke.</summary>
    public bool IsDelimited { get; init; }

    /// <summary>Which bytes of the object the body has; of a 416, how long the object is.</summary>
    public ContentRangeHeaderValue? ContentRange { get; init; }

    /// <summary>A coding of the body other than the object's own bytes.</summary>
    public string? ContentCoding { get; init; }

    /// <summary>Whether the body says that it is a page of HTML, and the object is not expected to be one.</summary>
    public bool IsPage { get; init; }

    /// <summary>The version of the object.</summary>
    public string? ETag { get; init; }

    /// <summary>When it changed last.</summary>
    public DateTimeOffset? LastModified { get; init; }

    /// <summary>The object, of so many bytes.</summary>
    public ObjectInfo InfoOf(long size) => new(size, ETag, LastModified);
}
