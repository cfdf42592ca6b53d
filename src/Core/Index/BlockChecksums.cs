using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;

namespace ZarrCache;

/// <summary>
/// One XxHash3 (64 bits, seed 0) for each block of 1 MiB of a run of bytes, the last block shorter, so that a range is
/// verified by its blocks alone and a large value block by block. An empty run has none. Immutable, compared by content.
/// </summary>
public readonly struct BlockChecksums : IEquatable<BlockChecksums>
{
    /// <summary>The bytes that one check sum stands for.</summary>
    public const int BlockSize = 1 << 20;

    private readonly ulong _single;
    private readonly ulong[]? _many;

    private BlockChecksums(int count, ulong single, ulong[]? many)
    {
        Count = count;
        _single = single;
        _many = many;
    }

    /// <summary>How many blocks there are.</summary>
    public int Count { get; }

    /// <summary>The check sum of one block.</summary>
    public ulong this[int block]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)block, (uint)Count, nameof(block));
            return _many is null ? _single : _many[block];
        }
    }

    /// <summary>How many blocks <paramref name="size"/> bytes make.</summary>
    public static int CountFor(long size) => checked((int)((size + BlockSize - 1) / BlockSize));

    /// <summary>Computes the check sums. About 13 GB/s from warm memory; allocates only beyond the first block.</summary>
    public static BlockChecksums Compute(in ReadOnlySequence<byte> bytes)
    {
        int count = CountFor(bytes.Length);
        if (count <= 1)
        {
            return count == 0 ? default : new BlockChecksums(1, Hash(bytes), null);
        }

        var many = new ulong[count];
        ReadOnlySequence<byte> rest = bytes;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySequence<byte> block = rest.Slice(0, Math.Min(BlockSize, rest.Length));
            many[i] = Hash(block);
            rest = rest.Slice(block.End);
        }

        return new BlockChecksums(count, 0, many);
    }

    /// <inheritdoc cref="Compute(in ReadOnlySequence{byte})"/>
    public static BlockChecksums Compute(ReadOnlyMemory<byte> bytes) => Compute(new ReadOnlySequence<byte>(bytes));

    /// <summary>Whether these are the bytes of block <paramref name="block"/>.</summary>
    public bool Verify(int block, ReadOnlySpan<byte> bytes) => block < Count && XxHash3.HashToUInt64(bytes) == this[block];

    /// <summary>Whether <paramref name="bytes"/>, which begin with block <paramref name="firstBlock"/>, are the bytes of their blocks.</summary>
    public bool VerifyBlocks(int firstBlock, ReadOnlySpan<byte> bytes)
    {
        for (int block = firstBlock; !bytes.IsEmpty; block++)
        {
            ReadOnlySpan<byte> one = bytes[..Math.Min(BlockSize, bytes.Length)];
            if (!Verify(block, one))
            {
                return false;
            }

            bytes = bytes[one.Length..];
        }

        return true;
    }

    /// <summary>The check sums as bytes: 8 each, little-endian. One allocation.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Count * sizeof(ulong)];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>Writes what <see cref="ToBytes"/> gives into the first <see cref="Count"/> × 8 bytes of <paramref name="destination"/>.</summary>
    public void CopyTo(Span<byte> destination)
    {
        for (int i = 0; i < Count; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(destination[(i * sizeof(ulong))..], this[i]);
        }
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="CacheFormatException">The length is no multiple of 8.</exception>
    public static BlockChecksums FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length % sizeof(ulong) != 0)
        {
            throw new CacheFormatException($"{bytes.Length} bytes of check sums are no multiple of {sizeof(ulong)}.");
        }

        int count = bytes.Length / sizeof(ulong);
        if (count <= 1)
        {
            return count == 0 ? default : new BlockChecksums(1, BinaryPrimitives.ReadUInt64LittleEndian(bytes), null);
        }

        var many = new ulong[count];
        for (int i = 0; i < count; i++)
        {
            many[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(i * sizeof(ulong))..]);
        }

        return new BlockChecksums(count, 0, many);
    }

    /// <inheritdoc/>
    public bool Equals(BlockChecksums other)
    {
        if (Count != other.Count)
        {
            return false;
        }

        return _many is null ? _single == other._single : _many.AsSpan().SequenceEqual(other._many);
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is BlockChecksums other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Count, Count == 0 ? 0 : this[0]);

    /// <inheritdoc cref="Equals(BlockChecksums)"/>
    public static bool operator ==(BlockChecksums left, BlockChecksums right) => left.Equals(right);

    /// <summary>The opposite of <c>==</c>.</summary>
    public static bool operator !=(BlockChecksums left, BlockChecksums right) => !left.Equals(right);

    private static ulong Hash(in ReadOnlySequence<byte> bytes)
    {
        if (bytes.IsSingleSegment)
        {
            return XxHash3.HashToUInt64(bytes.FirstSpan);
        }

        var hash = new XxHash3();
        foreach (ReadOnlyMemory<byte> segment in bytes)
        {
            hash.Append(segment.Span);
        }

        return hash.GetCurrentHashAsUInt64();
    }
}
