namespace ZarrCache;

/// <summary>What a read asks for, and under which conditions; <c>default</c> is the whole object without conditions.</summary>
/// <param name="Range">The bytes wanted.</param>
/// <param name="IfMatch">Read only the version with this ETag, else <see cref="ReadStatus.PreconditionFailed"/>.</param>
/// <param name="IfNoneMatch">Read only a version with another ETag, else <see cref="ReadStatus.NotModified"/>.</param>
/// <param name="IfModifiedSince">Read only what changed after this, else <see cref="ReadStatus.NotModified"/>; of no effect beside <paramref name="IfNoneMatch"/> (RFC 9110, 13.1.3).</param>
/// <param name="AcceptWhole">Whether a store that gets the whole object anyway, because its server knows no ranges, may answer with all of it: <see cref="ReadResult.Offset"/> and <see cref="ReadResult.Length"/> then say so.</param>
/// <param name="HeadersOnly">Whether the caller will read no byte: the store may then leave them away, which spares a remote one the body. Status, size, version and range are those of the same read with bytes.</param>
public readonly record struct ReadOptions(
    ByteRange Range = default,
    string? IfMatch = null,
    string? IfNoneMatch = null,
    DateTimeOffset? IfModifiedSince = null,
    bool AcceptWhole = false,
    bool HeadersOnly = false)
{
    /// <summary>Whether any condition is set.</summary>
    public bool IsConditional => IfMatch is not null || IfNoneMatch is not null || IfModifiedSince is not null;

    /// <summary>Holds the conditions against an object that exists, in the order of RFC 9110, section 13.2.2.</summary>
    /// <returns><see cref="ReadStatus.Found"/>, <see cref="ReadStatus.NotModified"/> or <see cref="ReadStatus.PreconditionFailed"/>.</returns>
    public ReadStatus Evaluate(in ObjectInfo info)
    {
        if (IfMatch is not null && (info.ETag is null || info.ETag != IfMatch))
        {
            return ReadStatus.PreconditionFailed;
        }

        if (IfNoneMatch is not null)
        {
            return info.ETag is not null && WeaklyEqual(info.ETag, IfNoneMatch) ? ReadStatus.NotModified : ReadStatus.Found;
        }

        return IfModifiedSince is { } since && info.LastModified is { } modified && modified <= since
            ? ReadStatus.NotModified
            : ReadStatus.Found;
    }

    private static bool WeaklyEqual(string a, string b) => Opaque(a).SequenceEqual(Opaque(b));

    private static ReadOnlySpan<char> Opaque(string tag) => tag.StartsWith("W/", StringComparison.Ordinal) ? tag.AsSpan(2) : tag;
}
