using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace ZarrCache.Index.Faster;

/// <summary>
/// The key of a record in the log:
/// <code>
/// 0  4  number of the store, little-endian
/// 4  n  key, UTF-8
///    0  value or absence: nothing   part, directory leaf: 8 bytes of offset, big-endian
///    1  what it is: 0 value or absence, 1 part, 2 directory of parts, 3 leaf of that directory
/// </code>
/// </summary>
internal static class RecordKey
{
    public const byte Whole = 0;
    public const byte Part = 1;
    public const byte Directory = 2;
    public const byte Leaf = 3;

    /// <summary>A store number that no store has: the record that fills the log up to a block, see <see cref="LogStore"/>.</summary>
    public const int Filler = -1;

    public const int MaxSize = StoreSize + ZarrKey.MaxBytes + OffsetSize + 1;

    private const int StoreSize = 4;
    private const int OffsetSize = 8;

    /// <summary>Writes store and key, and gives the bytes that they take: what all records of a key begin with.</summary>
    public static int WritePrefix(Span<byte> destination, int store, ReadOnlySpan<char> key)
    {
        BinaryPrimitives.WriteInt32LittleEndian(destination, store);
        return StoreSize + Encoding.UTF8.GetBytes(key, destination[StoreSize..]);
    }

    /// <summary>Writes what follows the prefix, and gives the size of the whole key.</summary>
    public static int WriteSuffix(Span<byte> destination, int prefix, byte what, long offset)
    {
        if (what is Part or Leaf)
        {
            BinaryPrimitives.WriteInt64BigEndian(destination[prefix..], offset);
            prefix += OffsetSize;
        }

        destination[prefix] = what;
        return prefix + 1;
    }

    public static int StoreOf(ReadOnlySpan<byte> key) => BinaryPrimitives.ReadInt32LittleEndian(key);

    public static byte WhatOf(ReadOnlySpan<byte> key) => key[^1];

    public static bool IsEntry(ReadOnlySpan<byte> key) => WhatOf(key) <= Part && StoreOf(key) != Filler;

    /// <summary>Store and key: what is the same for all records of a key.</summary>
    public static ReadOnlySpan<byte> PrefixOf(ReadOnlySpan<byte> key) => key[..^(WhatOf(key) is Part or Leaf ? OffsetSize + 1 : 1)];

    public static ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> key) => PrefixOf(key)[StoreSize..];

    public static long OffsetOf(ReadOnlySpan<byte> key) => WhatOf(key) == Part ? BinaryPrimitives.ReadInt64BigEndian(key[^(OffsetSize + 1)..]) : EntryKey.Whole;

    public static ulong Hash(ReadOnlySpan<byte> bytes) => XxHash3.HashToUInt64(bytes);
}
