using Amazon.S3.Model;

namespace ZarrCache.Storage.S3;

/// <summary>The record that travels with an object, as metadata: <c>x-amz-meta-zarrcache</c>, base 64.</summary>
internal static class S3Record
{
    private const string Name = "zarrcache";

    /// <summary>What S3 allows an object's metadata to have, names and values together.</summary>
    private const int MaxBytes = 2048;

    /// <summary>Adds the record, if it fits.</summary>
    public static void Write(MetadataCollection metadata, ReadOnlyMemory<byte> record)
    {
        if (record.Length > 0 && (record.Length + 2) / 3 * 4 <= MaxBytes - Name.Length)
        {
            metadata[Name] = Convert.ToBase64String(record.Span);
        }
    }

    /// <summary>The record; empty if there is none, or what is no base 64.</summary>
    public static ReadOnlyMemory<byte> Read(MetadataCollection metadata)
    {
        string? text = metadata[Name];
        byte[] record = new byte[(text?.Length ?? 0) / 4 * 3];
        return text is not null && Convert.TryFromBase64String(text, record, out int length) ? record.AsMemory(0, length) : default;
    }
}
