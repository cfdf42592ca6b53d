using System.Buffers;
using System.Globalization;
using System.Text;

namespace ZarrCache.Storage.FileSystem;

/// <summary>
/// Keys as relative paths, and back. Injective: two keys never have one path, and no path leads upwards.
/// </summary>
/// <remarks>
/// A segment is its own file name, save where that would be ambiguous or is impossible:
/// <list type="bullet">
/// <item><c>%XX</c> stands for a byte of UTF-8. A <c>%</c> that two hexadecimal digits follow, or that ends a segment, is itself <c>%25</c>; any other stays.</item>
/// <item>Names that begin with <c>.zarrcache</c>, in any case, are this store's own: a segment that does so begins with <c>%2E</c>.</item>
/// <item>What <see cref="NameRules"/> say of the file system: upper-case and non-ASCII letters where it folds them, and then no name has an upper-case letter, not in <c>%xx</c> either, since some list all in lower case; what Windows forbids where it does.</item>
/// <item>A name of over 255 bytes is a chain of directories: each piece but the last ends in a bare <c>%</c>, each but the first begins with <c>-</c>.</item>
/// </list>
/// </remarks>
internal static class FileNames
{
    /// <summary>What every name of this store's own begins with.</summary>
    public const string Reserved = ".zarrcache";

    /// <summary>What temporary files begin with.</summary>
    public const string TemporaryPrefix = Reserved + "-tmp-";

    /// <summary>The directory of values whose plain path is blocked by a file or directory of another key.</summary>
    public const string Conflicts = Reserved + "-conflicts";

    /// <summary>The longest name in bytes that the usual file systems allow.</summary>
    public const int MaxNameBytes = 255;

    private static readonly SearchValues<char> Windows = SearchValues.Create("<>:\"|?*\\");

    /// <summary>The path of a key. For an ordinary key it is the key itself, without an allocation.</summary>
    public static string ToPath(string key, NameRules rules)
    {
        if (rules == NameRules.None
            && !key.Contains('%')
            && !key.Contains(Reserved, StringComparison.OrdinalIgnoreCase)
            && key.Length <= MaxNameBytes / 3)
        {
            return key;
        }

        var path = new StringBuilder(key.Length + 16);
        foreach (Range segment in key.AsSpan().Split('/'))
        {
            if (path.Length > 0)
            {
                path.Append('/');
            }

            AppendName(path, "", Escape(key.AsSpan(segment), rules), "");
        }

        return path.ToString();
    }

    /// <summary>The path of a whole key or id as one name, <c>/</c> as <c>%2F</c>, between a prefix and a suffix.</summary>
    public static string ToSingleName(string prefix, string text, string suffix, NameRules rules)
    {
        var path = new StringBuilder(prefix.Length + text.Length + suffix.Length);
        AppendName(path, prefix, Escape(text, rules), suffix);
        return path.ToString();
    }

    /// <summary>The path below the directory of conflicts where a key is kept whose plain path is blocked.</summary>
    public static string ToConflictPath(string key, NameRules rules) => ToSingleName(Conflicts + "/", key, "", rules);

    /// <summary>Whether the name of a directory is a piece of a longer name, which goes on inside.</summary>
    public static bool IsPiece(ReadOnlySpan<char> name) => name.EndsWith('%');

    /// <summary>Joins the pieces of a name: what was joined before, and the next piece.</summary>
    /// <returns>Null if the piece does not go on from what stands before.</returns>
    public static string? Join(string joined, string name)
    {
        string piece = IsPiece(name) ? name[..^1] : name;
        if (joined.Length == 0)
        {
            return piece;
        }

        return piece.StartsWith('-') ? joined + piece[1..] : null;
    }

    /// <summary>The segment (or whole key) that a name, its pieces joined, stands for.</summary>
    /// <returns>Null if no segment has this name: a file of somebody else's.</returns>
    public static string? Unescape(string name, NameRules rules)
    {
        if (name.StartsWith(Reserved, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        string? text = name.Contains('%') ? DecodeBytes(name) : name;
        return text is not null && Escape(text, rules).SequenceEqual(name) ? text : null;
    }

    private static string? DecodeBytes(string name)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetMaxByteCount(name.Length)];
        int count = 0;
        for (int i = 0; i < name.Length; i++)
        {
            if (name[i] == '%' && i + 2 < name.Length && byte.TryParse(name.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
            {
                bytes[count++] = value;
                i += 2;
            }
            else
            {
                int length = char.IsHighSurrogate(name[i]) && i + 1 < name.Length ? 2 : 1;
                count += Encoding.UTF8.GetBytes(name, i, length, bytes, count);
                i += length - 1;
            }
        }

        try
        {
            return StrictUtf8.GetString(bytes, 0, count);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static ReadOnlySpan<char> Escape(ReadOnlySpan<char> text, NameRules rules)
    {
        bool anywhere = rules != NameRules.None || text.ContainsAny('%', '/');
        if (!anywhere && !text.StartsWith(Reserved, StringComparison.OrdinalIgnoreCase))
        {
            return text;
        }

        var name = new StringBuilder(text.Length + 16);
        Span<byte> utf8 = stackalloc byte[4];
        for (int i = 0; i < text.Length; i++)
        {
            if (!MustEscape(text, i, rules))
            {
                name.Append(text[i]);
                continue;
            }

            Rune.DecodeFromUtf16(text[i..], out Rune rune, out int consumed);
            foreach (byte b in utf8[..rune.EncodeToUtf8(utf8)])
            {
                name.Append('%').Append(b.ToString(rules.HasFlag(NameRules.FoldsCase) ? "x2" : "X2", CultureInfo.InvariantCulture));
            }

            i += consumed - 1;
        }

        return name.ToString();
    }

    private static bool MustEscape(ReadOnlySpan<char> text, int i, NameRules rules)
    {
        char c = text[i];
        bool first = i == 0, last = i == text.Length - 1;
        return c switch
        {
            '/' => true,
            '%' => last || (i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2])),
            '.' when first && text.StartsWith(Reserved, StringComparison.OrdinalIgnoreCase) => true,
            '.' or ' ' when last => rules.HasFlag(NameRules.Windows),
            >= 'A' and <= 'Z' when rules.HasFlag(NameRules.FoldsCase) => true,
            >= '\u0080' => (rules & (NameRules.FoldsCase | NameRules.FoldsForm)) != 0,
            _ => rules.HasFlag(NameRules.Windows) && (Windows.Contains(c) || (first && IsDevice(text))),
        };
    }

    /// <summary>Whether Windows takes a name for a device: <c>CON</c>, <c>com1.txt</c>.</summary>
    private static bool IsDevice(ReadOnlySpan<char> name)
    {
        int dot = name.IndexOf('.');
        ReadOnlySpan<char> stem = (dot < 0 ? name : name[..dot]).TrimEnd(' ');
        foreach (string device in (ReadOnlySpan<string>)["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"])
        {
            if (stem.Equals(device, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return stem.Length == 4
            && (stem.StartsWith("COM", StringComparison.OrdinalIgnoreCase) || stem.StartsWith("LPT", StringComparison.OrdinalIgnoreCase))
            && (char.IsAsciiDigit(stem[3]) || stem[3] is '¹' or '²' or '³');
    }

    private static void AppendName(StringBuilder path, string prefix, ReadOnlySpan<char> name, string suffix)
    {
        path.Append(prefix);
        int used = Encoding.UTF8.GetByteCount(prefix.AsSpan(prefix.LastIndexOf('/') + 1));
        int end = Encoding.UTF8.GetByteCount(suffix);
        while (used + Encoding.UTF8.GetByteCount(name) + end > MaxNameBytes)
        {
            int cut = Fit(name, MaxNameBytes - 1 - used);
            path.Append(name[..cut]).Append("%/-");
            name = name[cut..];
            used = 1;
        }

        path.Append(name).Append(suffix);
    }

    /// <summary>How many characters fit into so many bytes, no pair of surrogates parted.</summary>
    private static int Fit(ReadOnlySpan<char> text, int bytes)
    {
        int i = 0;
        while (i < text.Length)
        {
            Rune.DecodeFromUtf16(text[i..], out Rune rune, out int consumed);
            bytes -= rune.Utf8SequenceLength;
            if (bytes < 0)
            {
                break;
            }

            i += consumed;
        }

        return i;
    }
}
