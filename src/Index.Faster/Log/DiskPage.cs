using System.Buffers;
using System.Runtime.InteropServices;
using FASTER.core;

namespace ZarrCache.Index.Faster;

/// <summary>
/// A page of the log that has left memory, read into a buffer that is used again. FASTER's own scan makes a pinned array of a page
/// for each, which would pile up until the rare collections that free those.
/// </summary>
/// <remarks>A record is 8 bytes of <see cref="RecordInfo"/>, then key and value, each its length in 4 bytes and its bytes, and filled up to a multiple of 8.</remarks>
internal static class DiskPage
{
    private const int InfoBytes = 8;
    private const int LengthMask = 0x3FFF_FFFF;

    /// <summary>Visits the records in a range of one page. Returns where to go on; <paramref name="more"/> is false if the visitor has seen enough.</summary>
    /// <exception cref="CacheFormatException">The page is damaged.</exception>
    public static long Scan(ChecksummedLogDevice device, long from, long to, int pageBytes, LogVisitor visit, out bool more)
    {
        const int Block = ChecksummedLogDevice.BlockBytes;
        more = true;
        long start = from / Block * Block;
        int size = (int)(((to + Block - 1) / Block * Block) - start);
        int pageLeft = (int)(pageBytes - (start % pageBytes));
        byte[] buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            ReadOnlySpan<byte> page = buffer.AsSpan(0, size);
            device.Read(start, buffer.AsSpan(0, size));
            for (int at = (int)(from - start); start + at < to;)
            {
                RecordInfo info = MemoryMarshal.Read<RecordInfo>(page[at..]);
                if (info.IsNull())
                {
                    at += InfoBytes;
                    continue;
                }

                int key = MemoryMarshal.Read<int>(page[(at + InfoBytes)..]) & LengthMask;
                int valueAt = at + InfoBytes + Align(sizeof(int) + key);
                int value = valueAt + sizeof(int) <= pageLeft ? MemoryMarshal.Read<int>(page[valueAt..]) & LengthMask : pageLeft;
                int next = valueAt + Align(sizeof(int) + value);
                if (next > pageLeft)
                {
                    break; // the rest of the page was too small for a record
                }

                long address = start + at;
                ReadOnlySpan<byte> keyBytes = page.Slice(at + InfoBytes + sizeof(int), key);
                ReadOnlySpan<byte> valueBytes = page.Slice(valueAt + sizeof(int), value);
                at = next;
                if (!info.SkipOnScan && !info.Tombstone && !visit(address, keyBytes, valueBytes))
                {
                    more = false;
                    return start + at;
                }
            }

            return to;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static int Align(int bytes) => (bytes + 7) & ~7;
}
