using System.Globalization;

namespace ZarrCache.Server.Http;

/// <summary>What a <c>Range</c> header asks for, by RFC 9110, section 14.</summary>
/// <param name="Form">Whether there is one range, and whether any object can have it.</param>
/// <param name="Range">The range, if there is one.</param>
internal readonly record struct RangeHeader(RangeForm Form, ByteRange Range)
{
    private static readonly RangeHeader Ignored = new(RangeForm.Ignored, ByteRange.All);

    /// <summary>
    /// Reads the header. What is malformed, of another unit, or several ranges at once is ignored, as the RFC allows, and the
    /// whole object answered: what no reader of Zarr asks for is not worth a multipart answer.
    /// </summary>
    public static RangeHeader Parse(ReadOnlySpan<char> header)
    {
        const string Unit = "bytes=";
        header = header.Trim(" \t");
        if (!header.StartsWith(Unit, StringComparison.OrdinalIgnoreCase))
        {
            return Ignored;
        }

        ReadOnlySpan<char> range = header[Unit.Length..].Trim(" \t");
        int dash = range.IndexOf('-');
        if (dash < 0)
        {
            return Ignored;
        }

        ReadOnlySpan<char> first = range[..dash];
        ReadOnlySpan<char> last = range[(dash + 1)..];
        if (first.IsEmpty)
        {
            return !TryParse(last, out long suffix) ? Ignored
                : suffix == 0 ? new RangeHeader(RangeForm.Unsatisfiable, ByteRange.All)
                : new RangeHeader(RangeForm.One, ByteRange.Suffix(suffix));
        }

        if (!TryParse(first, out long from))
        {
            return Ignored;
        }

        if (from == long.MaxValue)
        {
            return new RangeHeader(RangeForm.Unsatisfiable, ByteRange.All);
        }

        if (last.IsEmpty)
        {
            return new RangeHeader(RangeForm.One, ByteRange.From(from));
        }

        return !TryParse(last, out long to) || to < from ? Ignored
            : new RangeHeader(RangeForm.One, to == long.MaxValue ? ByteRange.From(from) : ByteRange.Slice(from, to - from + 1));
    }

    /// <summary>Digits alone; a number beyond 2^63 − 1 is as good as that.</summary>
    private static bool TryParse(ReadOnlySpan<char> digits, out long value)
    {
        value = 0;
        if (digits.IsEmpty || digits.IndexOfAnyExceptInRange('0', '9') >= 0)
        {
            return false;
        }

        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value))
        {
            value = long.MaxValue;
        }

        return true;
    }
}

/// <summary>What became of a <c>Range</c> header.</summary>
internal enum RangeForm
{
    /// <summary>There is none, or none that has to be heeded.</summary>
    Ignored,

    /// <summary>One range.</summary>
    One,

    /// <summary>One that no object has a byte in (<c>bytes=-0</c>).</summary>
    Unsatisfiable,
}
