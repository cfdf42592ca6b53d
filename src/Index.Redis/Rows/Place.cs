using System.Buffers.Binary;
using System.Text;

namespace ZarrCache.Index.Redis;

/// <summary>
/// The name of an entry within its store: the key's UTF-8 bytes, a zero byte, which no key has in it, and for a part its
/// offset, 8 bytes, the highest first. So the order of bytes is that of keys, the whole before the parts, the parts by offset.
/// </summary>
internal static class Place
{
    /// <summary>Above every byte of UTF-8 text: what follows a prefix in a range that ends where the prefix does.</summary>
    public const byte AfterAll = 0xFF;

    public static byte[] Of(EntryKey key) => Of(key.Key, key.Offset);

    public static byte[] Of(string key, long offset)
    {
        int length = Encoding.UTF8.GetByteCount(key);
        byte[] place = new byte[length + (offset == EntryKey.Whole ? 1 : 1 + sizeof(long))];
        Encoding.UTF8.GetBytes(key, place);
        if (offset != EntryKey.Whole)
        {
            BinaryPrimitives.WriteInt64BigEndian(place.AsSpan(length + 1), offset);
        }

        return place;
    }

    /// <exception cref="CacheFormatException">It is none.</exception>
    public static (string Key, long Offset) Read(ReadOnlySpan<byte> place)
    {
        int end = place.IndexOf((byte)0);
        int rest = place.Length - end - 1;
        return end > 0 && rest is 0 or sizeof(long)
            ? (Encoding.UTF8.GetString(place[..end]), rest == 0 ? EntryKey.Whole : BinaryPrimitives.ReadInt64BigEndian(place[(end + 1)..]))
            : throw new CacheFormatException("The index holds a name that is no place of an entry; another program has written to its keys.");
    }

    /// <summary>A bound of a range by lexicographic order, as Redis has it: <c>[</c> with the place, <c>(</c> without it.</summary>
    public static byte[] Bound(char bracket, ReadOnlySpan<byte> place, byte? more = null)
    {
        byte[] bound = new byte[1 + place.Length + (more is null ? 0 : 1)];
        bound[0] = (byte)bracket;
        place.CopyTo(bound.AsSpan(1));
        if (more is { } last)
        {
            bound[^1] = last;
        }

        return bound;
    }
}
