using System.Text;

namespace ZarrCache.Index.Sqlite;

/// <summary>The keys that begin with a text, as a range of UTF-8 bytes: from the text itself to before <see cref="End"/>.</summary>
internal readonly struct KeyRange
{
    /// <summary>0xFF is in no UTF-8: after every key.</summary>
    private static readonly byte[] AfterAll = [0xFF];

    public KeyRange(string prefix)
    {
        Prefix = prefix;
        if (prefix.Length == 0)
        {
            End = AfterAll;
            return;
        }

        // no byte of UTF-8 is 0xFF, so the last one can be raised without a carry
        End = Encoding.UTF8.GetBytes(prefix);
        End[^1]++;
    }

    /// <summary>The first key there can be.</summary>
    public string Prefix { get; }

    /// <summary>What every key of the range compares less than.</summary>
    public byte[] End { get; }
}
