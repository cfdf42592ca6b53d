using System.Security.Cryptography;

namespace ZarrCache;

/// <summary>Versions of entries: unique without a common counter, since several processes and machines write one cache.</summary>
public static class EntryVersion
{
    /// <summary>63 random bits. With 2^31 writes of one key, two alike are less likely than one in four.</summary>
    public static long Next()
    {
        Span<byte> bits = stackalloc byte[8];
        RandomNumberGenerator.Fill(bits);
        return BitConverter.ToInt64(bits) & long.MaxValue;
    }
}
