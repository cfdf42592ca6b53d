using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace ZarrCache;

/// <summary>
/// The record that travels with the bytes of an entry, so that a lost index can be rebuilt from the files that it vouches
/// for. Little-endian:
/// <code>
///  0  4  'Z' 'C' 'R' and the format version, 1
///  4  1  kind
///  5 16  XxHash128 of store id, NUL, key (UTF-8): the record of another place is not this one's
/// 21  8  offset        29  8  size          37  8  object size     45  8  version
/// 53  8  stored at     61  8  validated at  69  8  last modified, UTC ticks, 0 for none
/// 77  8  load duration, ticks
/// 85  2  length of the ETag in UTF-8, 65535 for none; then the ETag
///     4  number of check sums; then 8 bytes each
///     8  XxHash3 of all that stands before
/// </code>
/// </summary>
internal static class EntryRecord
{
    private const uint Magic = 'Z' | 'C' << 8 | 'R' << 16 | 1 << 24;
    private const int FixedSize = 87;
    private const ushort NoETag = ushort.MaxValue;

    public static byte[] Write(IndexEntry entry)
    {
        int etagSize = entry.ETag is null ? 0 : Encoding.UTF8.GetByteCount(entry.ETag);
        var record = new byte[FixedSize + etagSize + 4 + (entry.Checksums.Count * 8) + 8];
        Span<byte> rest = record;
        BinaryPrimitives.WriteUInt32LittleEndian(rest, Magic);
        rest[4] = (byte)entry.Kind;
        HashPlace(entry.StoreId, entry.Key, rest[5..21]);
        rest = rest[21..];
        WriteInt64(ref rest, entry.Offset);
        WriteInt64(ref rest, entry.Size);
        WriteInt64(ref rest, entry.ObjectSize);
        WriteInt64(ref rest, entry.Version);
        WriteInt64(ref rest, entry.StoredAt.UtcTicks);
        WriteInt64(ref rest, entry.ValidatedAt.UtcTicks);
        WriteInt64(ref rest, entry.LastModified?.UtcTicks ?? 0);
        WriteInt64(ref rest, entry.LoadDuration.Ticks);
        BinaryPrimitives.WriteUInt16LittleEndian(rest, entry.ETag is null ? NoETag : checked((ushort)etagSize));
        rest = rest[2..];
        rest = rest[Encoding.UTF8.GetBytes(entry.ETag ?? "", rest)..];
        BinaryPrimitives.WriteInt32LittleEndian(rest, entry.Checksums.Count);
        entry.Checksums.CopyTo(rest[4..]);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(record.Length - 8), XxHash3.HashToUInt64(record.AsSpan(0, record.Length - 8)));
        return record;
    }

    /// <summary>The entry that a record describes, if it is whole and belongs to this place; else null. Only the index's own fields are missing.</summary>
    public static IndexEntry? Read(ReadOnlySpan<byte> record, string storeId, string key)
    {
        if (record.Length < FixedSize + 12
            || BinaryPrimitives.ReadUInt32LittleEndian(record) != Magic
            || BinaryPrimitives.ReadUInt64LittleEndian(record[^8..]) != XxHash3.HashToUInt64(record[..^8]))
        {
            return null;
        }

        Span<byte> place = stackalloc byte[16];
        HashPlace(storeId, key, place);
        if (!place.SequenceEqual(record[5..21]))
        {
            return null;
        }

        var kind = (EntryKind)record[4];
        ReadOnlySpan<byte> rest = record[21..^8];
        long offset = ReadInt64(ref rest), size = ReadInt64(ref rest), objectSize = ReadInt64(ref rest), version = ReadInt64(ref rest);
        long storedAt = ReadInt64(ref rest), validatedAt = ReadInt64(ref rest), lastModified = ReadInt64(ref rest), loadDuration = ReadInt64(ref rest);
        ushort etagSize = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        rest = rest[2..];
        string? etag = etagSize == NoETag ? null : Encoding.UTF8.GetString(rest[..etagSize]);
        rest = rest[(etag is null ? 0 : etagSize)..];
        int checksums = BinaryPrimitives.ReadInt32LittleEndian(rest);
        return checksums != BlockChecksums.CountFor(size) || rest.Length != 4 + (checksums * 8)
            ? null
            : new IndexEntry
            {
                StoreId = storeId,
                Key = key,
                Kind = kind,
                Offset = offset,
                Size = size,
                ObjectSize = objectSize,
                Checksums = BlockChecksums.FromBytes(rest[4..]),
                ETag = etag,
                LastModified = lastModified == 0 ? null : new DateTimeOffset(lastModified, TimeSpan.Zero),
                StoredAt = new DateTimeOffset(storedAt, TimeSpan.Zero),
                ValidatedAt = new DateTimeOffset(validatedAt, TimeSpan.Zero),
                LastAccess = new DateTimeOffset(storedAt, TimeSpan.Zero),
                LoadDuration = new TimeSpan(loadDuration),
                Version = version,
            };
    }

    private static void HashPlace(string storeId, string key, Span<byte> destination) =>
        XxHash128.Hash(Encoding.UTF8.GetBytes($"{storeId}\0{key}"), destination);

    private static void WriteInt64(ref Span<byte> rest, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(rest, value);
        rest = rest[8..];
    }

    private static long ReadInt64(ref ReadOnlySpan<byte> rest)
    {
        long value = BinaryPrimitives.ReadInt64LittleEndian(rest);
        rest = rest[8..];
        return value;
    }
}
