using System.Globalization;
using System.Runtime.CompilerServices;

namespace ZarrCache.Metadata;

/// <summary>
/// How the place of a chunk in its grid becomes the end of its key: the numbers joined by a separator, after <c>c</c> in
/// the <c>default</c> encoding of v3. An array without dimensions has the one chunk <c>c</c>, or <c>0</c> in v2.
/// </summary>
internal readonly record struct ChunkKeyEncoding(bool IsV2, char Separator)
{
    /// <summary>The key of a chunk; <paramref name="prefix"/> is that of the array.</summary>
    public string Encode(string prefix, ReadOnlySpan<long> index)
    {
        var key = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[256]);
        key.AppendLiteral(prefix);
        if (index.IsEmpty || !IsV2)
        {
            key.AppendLiteral(IsV2 ? "0" : "c");
        }

        for (int axis = 0; axis < index.Length; axis++)
        {
            if (axis > 0 || !IsV2)
            {
                key.AppendFormatted(Separator);
            }

            key.AppendFormatted(index[axis]);
        }

        return key.ToStringAndClear();
    }

    /// <summary>
    /// The reverse: false unless <paramref name="suffix"/>, the key without the array's prefix, is exactly what
    /// <see cref="Encode"/> appends for a place in the grid.
    /// </summary>
    public bool TryDecode(ReadOnlySpan<char> suffix, ReadOnlySpan<long> gridShape, Span<long> index)
    {
        if (gridShape.IsEmpty)
        {
            return suffix is [var only] && only == (IsV2 ? '0' : 'c');
        }

        if (!IsV2)
        {
            if (suffix is not ['c', var separator, ..] || separator != Separator)
            {
                return false;
            }

            suffix = suffix[2..];
        }

        for (int axis = 0; axis < gridShape.Length; axis++)
        {
            int end = suffix.IndexOf(Separator);
            bool isLast = axis == gridShape.Length - 1;
            if (isLast != end < 0 || !TryParse(isLast ? suffix : suffix[..end], gridShape[axis], out index[axis]))
            {
                return false;
            }

            suffix = suffix[(end + 1)..];
        }

        return true;
    }

    /// <summary>Only the one spelling that <see cref="Encode"/> gives: no sign, no leading zero.</summary>
    private static bool TryParse(ReadOnlySpan<char> digits, long count, out long value) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value)
        && value < count
        && (digits.Length == 1 || digits[0] != '0');
}
