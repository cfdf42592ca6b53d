using System.Globalization;
using System.Text;

namespace ZarrCache;

/// <summary>The rules for keys, prefixes and store ids, the same for every store.</summary>
public static class ZarrKey
{
    /// <summary>The longest key, in UTF-8 bytes: what S3 allows, so that every key fits every storage.</summary>
    public const int MaxBytes = 1024;

    /// <summary>
    /// Refuses what is no key: empty, over <see cref="MaxBytes"/>, a <c>/</c> at either end, an empty segment, a segment
    /// <c>.</c> or <c>..</c>, a control character, or a surrogate without its other half. O(length), no allocation.
    /// </summary>
    /// <exception cref="ArgumentException">The message names the key and the rule.</exception>
    public static void Validate(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (FindFault(key) is { } fault)
        {
            throw new ArgumentException($"The key '{Printable(key)}' {fault}.", nameof(key));
        }
    }

    /// <summary>Whether <see cref="Validate"/> would let the key pass; for what others have named.</summary>
    public static bool IsValid(ReadOnlySpan<char> key) => FindFault(key) is null;

    /// <summary>A store id obeys the rules of a key.</summary>
    /// <inheritdoc cref="Validate" path="/exception"/>
    public static void ValidateStoreId(string storeId)
    {
        ArgumentNullException.ThrowIfNull(storeId);
        if (FindFault(storeId) is { } fault)
        {
            throw new ArgumentException($"The store id '{Printable(storeId)}' {fault}.", nameof(storeId));
        }
    }

    /// <summary>A prefix is empty, or a key followed by <c>/</c>.</summary>
    /// <inheritdoc cref="Validate" path="/exception"/>
    public static void ValidatePrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (prefix.Length == 0)
        {
            return;
        }

        string? fault = prefix[^1] == '/' ? FindFault(prefix.AsSpan(0, prefix.Length - 1)) : "does not end in '/'";
        if (fault is not null)
        {
            throw new ArgumentException($"The prefix '{Printable(prefix)}' {fault}.", nameof(prefix));
        }
    }

    /// <summary>
    /// Whether the key names a metadata document: <c>zarr.json</c> of v3; <c>.zarray</c>, <c>.zattrs</c>, <c>.zgroup</c>,
    /// <c>.zmetadata</c> of v2.
    /// </summary>
    public static bool IsMetadata(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        ReadOnlySpan<char> name = key.AsSpan(key.LastIndexOf('/') + 1);
        return name is "zarr.json" or ".zarray" or ".zattrs" or ".zgroup" or ".zmetadata";
    }

    /// <summary>The prefix of the node that a key lies directly in: <c>u/</c> for <c>u/.zarray</c>, empty for <c>zarr.json</c>.</summary>
    public static string NodePrefix(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key[..(key.LastIndexOf('/') + 1)];
    }

    private static string? FindFault(ReadOnlySpan<char> key)
    {
        if (key.IsEmpty)
        {
            return "is empty";
        }

        if (key.Length > MaxBytes || (key.Length * 3 > MaxBytes && Encoding.UTF8.GetByteCount(key) > MaxBytes))
        {
            return $"is longer than {MaxBytes} bytes in UTF-8";
        }

        if (key[0] == '/' || key[^1] == '/')
        {
            return "begins or ends with '/'";
        }

        // nearly every key: printable ASCII in which no segment is empty or begins with a dot; vectorized
        if (key[0] != '.' && !key.ContainsAnyExceptInRange(' ', '~') && key.IndexOf("//") < 0 && key.IndexOf("/.") < 0)
        {
            return null;
        }

        int segment = 0;
        for (int i = 0; i <= key.Length; i++)
        {
            if (i == key.Length || key[i] == '/')
            {
                switch (key[segment..i])
                {
                    case []: return "has an empty segment ('//')";
                    case ['.'] or ['.', '.']: return "has a segment '.' or '..'";
                }

                segment = i + 1;
            }
            else if (char.IsControl(key[i]))
            {
                return string.Create(CultureInfo.InvariantCulture, $"has the control character U+{(int)key[i]:X4} at position {i}");
            }
            else if (char.IsSurrogate(key[i]))
            {
                if (i + 1 == key.Length || !char.IsSurrogatePair(key[i], key[i + 1]))
                {
                    return $"has half a surrogate pair at position {i}";
                }

                i++;
            }
        }

        return null;
    }

    /// <summary>What can be shown in a message: control characters and lone surrogates replaced, cut after 200 characters.</summary>
    private static string Printable(string text)
    {
        var shown = new StringBuilder(Math.Min(text.Length, 200));
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, 200)))
        {
            shown.Append(char.IsControl(c) || char.IsSurrogate(c) ? '\uFFFD' : c);
        }

        return text.Length > 200 ? shown.Append('…').ToString() : shown.ToString();
    }
}
