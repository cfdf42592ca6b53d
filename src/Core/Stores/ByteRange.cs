using System.Globalization;

namespace ZarrCache;

/// <summary>
/// Which bytes of an object are wanted: all of them, from an offset on, a slice, or the last ones. The forms are those
/// of the Zarr v3 specification and of an HTTP <c>Range</c> header; <c>default</c> is <see cref="All"/>.
/// </summary>
public readonly record struct ByteRange
{
    private enum Form : byte { All, From, Slice, Suffix }

    private readonly Form _form;
    private readonly long _first;
    private readonly long _length;

    private ByteRange(Form form, long first, long length)
    {
        _form = form;
        _first = first;
        _length = length;
    }

    /// <summary>The whole object, however long; also of an empty one.</summary>
    public static ByteRange All => default;

    /// <summary>Whether this is <see cref="All"/>.</summary>
    public bool IsAll => _form == Form.All;

    /// <summary>Whether the range counts from the end, so that it has no offset before the object's size is known.</summary>
    public bool IsSuffix => _form == Form.Suffix;

    /// <summary>The first byte of the range, if it is known without the object's size: for all forms but <see cref="Suffix"/>.</summary>
    public long? Start => _form == Form.Suffix ? null : _first;

    /// <summary>All bytes from <paramref name="offset"/> (0 is the first) to the end.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The offset is negative.</exception>
    public static ByteRange From(long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return new ByteRange(Form.From, offset, 0);
    }

    /// <summary><paramref name="length"/> bytes from <paramref name="offset"/> on; an end past the object's end is cut off there.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The offset is negative, the length below 1, or their sum beyond 2^63 − 1.</exception>
    public static ByteRange Slice(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, long.MaxValue - offset);
        return new ByteRange(Form.Slice, offset, length);
    }

    /// <summary>The last <paramref name="length"/> bytes; the whole object if it is shorter.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length is below 1.</exception>
    public static ByteRange Suffix(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        return new ByteRange(Form.Suffix, 0, length);
    }

    /// <summary>Where the range lies in an object of <paramref name="size"/> bytes.</summary>
    /// <returns>False if no byte of the object is in it: HTTP's 416. <see cref="All"/> always resolves.</returns>
    public bool TryResolve(long size, out long offset, out long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        (offset, length) = _form switch
        {
            Form.All => (0, size),
            Form.From => (_first, size - _first),
            Form.Slice => (_first, Math.Min(_length, size - _first)),
            _ => (Math.Max(0, size - _length), Math.Min(_length, size)),
        };
        return length > 0 || _form == Form.All;
    }

    /// <summary>As <see cref="TryResolve"/>, for callers to whom an unsatisfiable range is an error.</summary>
    /// <exception cref="RangeNotSatisfiableException">No byte of the object is in the range.</exception>
    public (long Offset, long Length) Resolve(string key, long size) =>
        TryResolve(size, out long offset, out long length)
            ? (offset, length)
            : throw new RangeNotSatisfiableException(key, this, size);

    /// <summary>The range as an HTTP <c>Range</c> header would spell it, <c>bytes=10-19</c>; empty for <see cref="All"/>.</summary>
    public override string ToString() => _form switch
    {
        Form.All => "",
        Form.From => string.Create(CultureInfo.InvariantCulture, $"bytes={_first}-"),
        Form.Slice => string.Create(CultureInfo.InvariantCulture, $"bytes={_first}-{_first + _length - 1}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"bytes=-{_length}"),
    };
}
