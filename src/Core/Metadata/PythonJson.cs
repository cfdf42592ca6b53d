using System.Buffers;

namespace ZarrCache.Metadata;

/// <summary>
/// Python's json module writes the literals NaN, Infinity and -Infinity, which JSON does not have; attributes of many
/// published v2 datasets hold them. They become text here, which is how Zarr itself spells them in fill values.
/// </summary>
internal static class PythonJson
{
    private static ReadOnlySpan<byte> Utf8Bom => [0xEF, 0xBB, 0xBF];

    /// <summary>The same document in standard JSON, without a byte order mark; the input itself where nothing is to be changed. O(length).</summary>
    public static ReadOnlyMemory<byte> ToStandard(ReadOnlyMemory<byte> utf8)
    {
        if (utf8.Span.StartsWith(Utf8Bom))
        {
            utf8 = utf8[Utf8Bom.Length..];
        }

        ReadOnlySpan<byte> json = utf8.Span;
        ArrayBufferWriter<byte>? changed = null;
        int copied = 0;
        bool inText = false;
        for (int i = 0; i < json.Length; i++)
        {
            switch (json[i])
            {
                case (byte)'"':
                    inText = !inText;
                    break;
                case (byte)'\\' when inText:
                    i++;
                    break;
                case (byte)'N' or (byte)'I' or (byte)'-' when !inText && LiteralAt(json[i..]) is { Length: > 0 } literal:
                    changed ??= new ArrayBufferWriter<byte>(json.Length + 64);
                    changed.Write(json[copied..i]);
                    changed.Write("\""u8);
                    changed.Write(literal);
                    changed.Write("\""u8);
                    copied = i + literal.Length;
                    i = copied - 1;
                    break;
            }
        }

        if (changed is null)
        {
            return utf8;
        }

        changed.Write(json[copied..]);
        return changed.WrittenMemory;
    }

    private static ReadOnlySpan<byte> LiteralAt(ReadOnlySpan<byte> json) =>
        json.StartsWith("NaN"u8) ? "NaN"u8
        : json.StartsWith("Infinity"u8) ? "Infinity"u8
        : json.StartsWith("-Infinity"u8) ? "-Infinity"u8
        : default;
}
