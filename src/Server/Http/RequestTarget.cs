using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace ZarrCache.Server.Http;

/// <summary>
/// The path of a request as it was sent, each segment unescaped once. The server's own reading of it is not asked: it folds
/// <c>..</c>, unescapes some characters and leaves others, and what is checked must be what is used.
/// </summary>
internal static class RequestTarget
{
    /// <summary>What a path is made of when nothing in it has to be looked at: no escape, no query, nothing that another system takes for a separator.</summary>
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~/!$&'()*+,;=:@");

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads the path.</summary>
    /// <param name="target">The target of the request line.</param>
    /// <param name="skip">How many leading segments are the application's, not the gateway's.</param>
    /// <param name="path">The unescaped path without its first <c>/</c>.</param>
    /// <param name="fault">What is wrong with it.</param>
    public static bool TryGetPath(string target, int skip, [NotNullWhen(true)] out string? path, [NotNullWhen(false)] out string? fault)
    {
        path = null;
        fault = null;
        if (!target.StartsWith('/'))
        {
            fault = "the request target must be a path that begins with '/'";
            return false;
        }

        ReadOnlySpan<char> raw = target.AsSpan(1);
        int end = raw.IndexOf('?');
        raw = end < 0 ? raw : raw[..end];
        for (; skip > 0; skip--)
        {
            raw = raw[(raw.IndexOf('/') + 1)..];
        }

        int odd = raw.IndexOfAnyExcept(Plain);
        if (odd >= 0 && raw[odd] != '%')
        {
            fault = $"the character U+{(int)raw[odd]:X4} must not stand in a path as it is";
            return false;
        }

        if (odd < 0)
        {
            path = raw.ToString();
        }
        else if ((path = Unescape(raw, out fault)) is null)
        {
            fault ??= "an escape is broken";
            return false;
        }

        if (HasDotSegment(path))
        {
            path = null;
            fault = "a segment is '.' or '..'";
            return false;
        }

        return true;
    }

    private static string? Unescape(ReadOnlySpan<char> raw, out string? fault)
    {
        fault = null;
        byte[] bytes = ArrayPool<byte>.Shared.Rent(raw.Length);
        try
        {
            int count = 0;
            for (int i = 0; i < raw.Length; i++)
            {
                if (raw[i] != '%')
                {
                    if (!Plain.Contains(raw[i]))
                    {
                        fault = $"the character U+{(int)raw[i]:X4} must not stand in a path as it is";
                        return null;
                    }

                    bytes[count++] = (byte)raw[i];
                    continue;
                }

                if (i + 2 >= raw.Length || !char.IsAsciiHexDigit(raw[i + 1]) || !char.IsAsciiHexDigit(raw[i + 2]))
                {
                    fault = "a '%' is not followed by two hexadecimal digits";
                    return null;
                }

                byte value = (byte)(Convert.FromHexString(raw.Slice(i + 1, 2))[0]);
                if (value is (byte)'/' or (byte)'\\' || value < 0x20 || value == 0x7f)
                {
                    fault = $"'%{raw.Slice(i + 1, 2)}' is a separator or a control character in disguise";
                    return null;
                }

                bytes[count++] = value;
                i += 2;
            }

            return StrictUtf8.GetString(bytes, 0, count);
        }
        catch (DecoderFallbackException)
        {
            fault = "what is escaped is no UTF-8";
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private static bool HasDotSegment(string path)
    {
        foreach (Range segment in path.AsSpan().Split('/'))
        {
            if (path.AsSpan()[segment] is "." or "..")
            {
                return true;
            }
        }

        return false;
    }
}
