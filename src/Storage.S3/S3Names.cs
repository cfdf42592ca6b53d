using System.Text;
using Amazon.S3;
using Amazon.S3.Model;

namespace ZarrCache.Storage.S3;

/// <summary>The names of objects: a prefix, then the key as it is.</summary>
/// <param name="prefix">Empty, or ending in <c>/</c>.</param>
internal sealed class S3Names(string prefix)
{
    /// <summary>What all of them begin with.</summary>
    public string Prefix => prefix;

    /// <summary>The name of a key.</summary>
    public string ToName(string key) => prefix + key;

    /// <summary>The key, or prefix of keys, of a name that begins with the prefix; null if no key has it: it is somebody else's, such as the mark of an empty directory.</summary>
    public string? ToKey(string name)
    {
        if (!name.StartsWith(prefix, StringComparison.Ordinal))
        {
            return null;
        }

        ReadOnlySpan<char> key = name.AsSpan(prefix.Length);
        return ZarrKey.IsValid(key is [.. var directory, '/'] ? directory : key) ? key.ToString() : null;
    }

    /// <summary>Whether S3 takes so long a name.</summary>
    public static bool Fits(string name) => name.Length * 3 <= ZarrKey.MaxBytes || Encoding.UTF8.GetByteCount(name) <= ZarrKey.MaxBytes;

    /// <summary>Asks for a page of names.</summary>
    /// <param name="connection">Where.</param>
    /// <param name="below">What the keys begin with.</param>
    /// <param name="delimiter">Ends what names have in common, for a directory.</param>
    /// <param name="most">Of one page.</param>
    public ListObjectsV2Request ListRequest(S3Connection connection, string below, string? delimiter, int? most = null) => new()
    {
        BucketName = connection.Bucket,
        Prefix = ToName(below),
        Delimiter = delimiter,
        Encoding = EncodingType.Url, // a name may have what XML has not
        MaxKeys = most,
        RequestPayer = connection.Payer,
    };
}
