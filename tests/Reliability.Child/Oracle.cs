using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace ZarrCache.Reliability;

/// <summary>Every value is a function of store, key and version: a wrong byte is known anywhere, in any process.</summary>
internal static class Oracle
{
    /// <summary>The first eight bytes tell the version; the size and all other bytes follow from store, key and version.</summary>
    public static byte[] Content(string storeId, string key, long version)
    {
        ulong state = XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"{storeId}\n{key}\n{version}"));
        var bytes = new byte[8 + (state % 24_000)];
        Span<byte> rest = bytes;
        for (; rest.Length >= 8; rest = rest[8..])
        {
            BinaryPrimitives.WriteUInt64LittleEndian(rest, Next(ref state));
        }

        rest.Fill((byte)Next(ref state));
        BinaryPrimitives.WriteInt64LittleEndian(bytes, version);
        return bytes;
    }

    /// <summary>SplitMix64: much faster than a seeded <see cref="Random"/>, and values are made for each comparison.</summary>
    private static ulong Next(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Which version these are all the bytes of.</summary>
    /// <exception cref="WrongBytesException">They are those of no version.</exception>
    public static long Recognize(string storeId, string key, byte[] bytes)
    {
        if (bytes.Length >= 8)
        {
            long version = BinaryPrimitives.ReadInt64LittleEndian(bytes);
            if (bytes.AsSpan().SequenceEqual(Content(storeId, key, version)))
            {
                return version;
            }
        }

        throw new WrongBytesException($"'{key}' of store '{storeId}' was read as {bytes.Length} bytes that are no version of it.");
    }
}
