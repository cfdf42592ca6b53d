using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace ZarrCache.Server.Http;

/// <summary>The validators of an answer, and the conditions of a request held against them (RFC 9110, section 13).</summary>
internal static class Validators
{
    /// <summary>What may stand between the quotes of an entity tag and in a header of ASCII.</summary>
    private static readonly SearchValues<char> TagCharacters = SearchValues.Create(Enumerable.Range(0x21, 0x7f - 0x21).Select(c => (char)c).Where(c => c != '"').ToArray());

    /// <summary>
    /// The entity tag that clients get: the origin's, quoted if it is not; of an origin that gives none the time and size, which
    /// is how other servers make theirs; null if it gives neither.
    /// </summary>
    public static string? TagOf(in ObjectInfo info)
    {
        if (info.ETag is { } tag)
        {
            ReadOnlySpan<char> opaque = tag.StartsWith("W/", StringComparison.Ordinal) ? tag.AsSpan(2) : tag;
            if (opaque.Length >= 2 && opaque[0] == '"' && opaque[^1] == '"' && !opaque[1..^1].ContainsAnyExcept(TagCharacters))
            {
                return tag;
            }

            if (tag.Length > 0 && !tag.AsSpan().ContainsAnyExcept(TagCharacters))
            {
                return $"\"{tag}\"";
            }
        }

        return info.LastModified is { } modified ? string.Create(CultureInfo.InvariantCulture, $"\"{modified.UtcTicks:x}-{info.Size:x}\"") : null;
    }

    /// <summary>Whether the request has a condition that <see cref="Evaluate"/> looks at.</summary>
    public static bool IsConditional(IHeaderDictionary request) =>
        request.IfMatch.Count + request.IfNoneMatch.Count + request.IfModifiedSince.Count + request.IfUnmodifiedSince.Count > 0;

    /// <summary>Holds the conditions against an object that exists, in the order of section 13.2.2.</summary>
    public static ReadStatus Evaluate(IHeaderDictionary request, string? tag, DateTimeOffset? lastModified)
    {
        if (request.IfMatch is { Count: > 0 } match)
        {
            if (!Matches(match, tag, strong: true))
            {
                return ReadStatus.PreconditionFailed;
            }
        }
        else if (request.IfUnmodifiedSince.Count > 0 && lastModified is { } modified && TryParseDate(request.IfUnmodifiedSince, out DateTimeOffset unmodifiedSince) && ToSecond(modified) > unmodifiedSince)
        {
            return ReadStatus.PreconditionFailed;
        }

        if (request.IfNoneMatch is { Count: > 0 } noneMatch)
        {
            return Matches(noneMatch, tag, strong: false) ? ReadStatus.NotModified : ReadStatus.Found;
        }

        return lastModified is { } changed && TryParseDate(request.IfModifiedSince, out DateTimeOffset since) && ToSecond(changed) <= since
            ? ReadStatus.NotModified
            : ReadStatus.Found;
    }

    /// <summary>Whether <c>If-Range</c>, if there is one, allows a part: the very same tag, a strong one, or the very same date.</summary>
    public static bool AllowsRange(StringValues ifRange, string? tag, DateTimeOffset? lastModified)
    {
        if (ifRange.Count == 0)
        {
            return true;
        }

        string condition = ifRange.ToString().Trim();
        return condition.Contains('"', StringComparison.Ordinal)
            ? tag is not null && condition == tag && tag[0] == '"'
            : lastModified is { } modified && HeaderUtilities.TryParseDate(condition, out DateTimeOffset date) && date == ToSecond(modified);
    }

    /// <summary>HTTP's dates have whole seconds.</summary>
    public static DateTimeOffset ToSecond(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerSecond));

    private static bool Matches(StringValues tags, string? tag, bool strong)
    {
        if (tags.Count == 1 && tags[0] == "*")
        {
            return true;
        }

        // A list that cannot be read matches nothing: the client gets the object, or 412 where it insisted.
        if (tag is null || !EntityTagHeaderValue.TryParse(tag, out EntityTagHeaderValue? own) || !EntityTagHeaderValue.TryParseList([.. tags!], out IList<EntityTagHeaderValue>? given))
        {
            return false;
        }

        foreach (EntityTagHeaderValue one in given)
        {
            if (one.Compare(own, strong) || one.Tag == "*")
            {
                return true;
            }
        }

        return false;
    }

    private static bool TryParseDate(StringValues header, out DateTimeOffset date)
    {
        date = default;
        return header.Count == 1 && HeaderUtilities.TryParseDate(header[0], out date);
    }
}
