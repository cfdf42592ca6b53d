namespace ZarrCache;

/// <summary>
/// The order of texts by the bytes of their UTF-8 form, which is the order of SQLite's and Redis's own text, without
/// making those bytes. It differs from ordinal order only in that surrogates come after U+FFFF.
/// </summary>
internal static class Utf8Order
{
    /// <summary>The same, for sorting.</summary>
    public static Comparer<string> Comparer { get; } = Comparer<string>.Create(Compare);

    /// <summary>Below, equal or above zero, as of any comparison. O(common prefix), vectorized, no allocation.</summary>
    public static int Compare(string left, string right)
    {
        int common = left.AsSpan().CommonPrefixLength(right);
        return common < left.Length && common < right.Length
            ? Rank(left[common]) - Rank(right[common])
            : left.Length - right.Length;
    }

    /// <summary>The least text that is above every text with this prefix; null if there is none (the prefix is empty).</summary>
    /// <remarks>It may end in half a surrogate pair: good for comparing, no text to be shown.</remarks>
    public static string? After(string prefix)
    {
        for (int last = prefix.Length - 1; last >= 0; last--)
        {
            if (prefix[last] != '\uDFFF')
            {
                char next = prefix[last] switch
                {
                    '\uD7FF' => '\uE000',
                    '\uFFFF' => '\uD800',
                    char c => (char)(c + 1),
                };
                return string.Concat(prefix.AsSpan(0, last), [next]);
            }
        }

        return null;
    }

    private static int Rank(char c) => c switch
    {
        < '\uD800' => c,
        < '\uE000' => c + 0x2000,
        _ => c - 0x800,
    };
}
