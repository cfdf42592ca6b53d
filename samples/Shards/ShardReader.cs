using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Compression;
using System.Numerics;
using System.Runtime.InteropServices;
using ZarrCache.Metadata;

namespace ZarrCache.Samples;

/// <summary>What one reading of an array came to.</summary>
/// <param name="Bytes">Bytes that were asked for and exist, metadata apart.</param>
/// <param name="Sum">All elements of a sharded int16 array, missing ones as its fill value, summed as integers; null for other arrays, which are not decoded.</param>
internal readonly record struct ArrayReading(long Bytes, long? Sum);

/// <summary>
/// Reads arrays as zarr-python and zarrita do: of a shard the index with a suffix range and each inner chunk with a slice,
/// of other arrays whole chunks. Made for the sample: int16, an index at the end with crc32c, inner codecs bytes
/// (little endian) and gzip; nothing else is looked for.
/// </summary>
internal sealed class ShardReader(IZarrStore store)
{
    private const int EntrySize = 2 * sizeof(ulong);
    private const int ChecksumSize = sizeof(uint);

    /// <summary>As an array library reads: a few chunks at once.</summary>
    private const int Concurrency = 4;

    private long _bytes;
    private long _sum;

    /// <summary>Reads all of an array.</summary>
    public static async Task<ArrayReading> ReadAsync(IZarrStore store, ZarrArray array, CancellationToken ct)
    {
        var reader = new ShardReader(store);
        foreach (string key in array.EnumerateChunkKeys())
        {
            if (array.Sharding is null)
            {
                await reader.GetAsync(key, ByteRange.All, ct);
            }
            else
            {
                await reader.ReadShardAsync(array, array.Sharding, key, ct);
            }
        }

        return new ArrayReading(reader._bytes, array.Sharding is null ? null : reader._sum);
    }

    private async Task ReadShardAsync(ZarrArray array, ZarrSharding sharding, string key, CancellationToken ct)
    {
        ImmutableArray<long> inner = sharding.InnerChunkShape;
        int[] grid = [.. array.ChunkShape.Zip(inner, (shard, chunk) => (int)(shard / chunk))];
        int count = grid.Aggregate(1, (product, length) => product * length);
        byte[]? index = await GetAsync(key, ByteRange.Suffix((count * EntrySize) + ChecksumSize), ct);
        if (index is not null)
        {
            CheckIndex(key, index);
        }

        array.TryGetChunkIndex(key, out ImmutableArray<long> shard);
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = ct }, async (i, token) =>
        {
            byte[]? chunk = Locate(index, i) is { } slice ? await GetAsync(key, slice, token) : null;
            long[] place = Unravel(i, grid);
            long[] origin = [.. place.Select((at, axis) => (shard[axis] * array.ChunkShape[axis]) + (at * inner[axis]))];
            Interlocked.Add(ref _sum, Sum(array, [.. inner.Select(length => (int)length)], origin, chunk is null ? null : Decode(chunk)));
        });
    }

    private async Task<byte[]?> GetAsync(string key, ByteRange range, CancellationToken ct)
    {
        byte[]? bytes = await store.GetBytesAsync(key, range, ct);
        Interlocked.Add(ref _bytes, bytes?.Length ?? 0);
        return bytes;
    }

    /// <summary>Where an inner chunk lies in its shard; null if there is none.</summary>
    private static ByteRange? Locate(byte[]? index, int i)
    {
        if (index is null)
        {
            return null;
        }

        ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(index.AsSpan(i * EntrySize));
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(index.AsSpan((i * EntrySize) + sizeof(ulong)));
        return offset == ulong.MaxValue && length == ulong.MaxValue ? null : ByteRange.Slice((long)offset, (long)length);
    }

    private static void CheckIndex(string key, byte[] index)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in index.AsSpan(..^ChecksumSize))
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(index.AsSpan(^ChecksumSize..));
        if (~crc != stored)
        {
            throw new InvalidDataException($"The index of shard '{key}' has the check sum {~crc:x8} instead of {stored:x8}.");
        }
    }

    private static byte[] Decode(byte[] chunk)
    {
        using var gzip = new GZipStream(new MemoryStream(chunk), CompressionMode.Decompress);
        using var decoded = new MemoryStream();
        gzip.CopyTo(decoded);
        return decoded.ToArray();
    }

    /// <summary>The elements of an inner chunk that lie within the array; a chunk at the end of an axis reaches beyond it.</summary>
    private static long Sum(ZarrArray array, int[] shape, long[] origin, byte[]? decoded)
    {
        ReadOnlySpan<short> elements = MemoryMarshal.Cast<byte, short>(decoded);
        long fill = long.Parse(array.FillValue!, System.Globalization.CultureInfo.InvariantCulture);
        long sum = 0;
        int count = shape.Aggregate(1, (product, length) => product * length);
        for (int i = 0; i < count; i++)
        {
            long[] place = Unravel(i, shape);
            bool within = true;
            for (int axis = 0; axis < place.Length; axis++)
            {
                within &= origin[axis] + place[axis] < array.Shape[axis];
            }

            sum += !within ? 0 : decoded is null ? fill : elements[i];
        }

        return sum;
    }

    /// <summary>The place of the element number <paramref name="i"/>, the last axis fastest.</summary>
    private static long[] Unravel(int i, int[] shape)
    {
        var place = new long[shape.Length];
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            place[axis] = i % shape[axis];
            i /= shape[axis];
        }

        return place;
    }
}
