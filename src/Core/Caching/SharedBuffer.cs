using System.Buffers;

namespace ZarrCache;

/// <summary>
/// The bytes of one value, held by several at once: the readers that wait for a fetch and the background writer. Kept in
/// pooled blocks of at most 1 MiB, so that a large value makes no large allocation. The last of its holders to
/// dispose gives the blocks back; whoever still reads after disposing reads another value's bytes.
/// </summary>
public sealed class SharedBuffer : IDisposable
{
    private readonly Segment[] _segments;
    private int _holders = 1;

    private SharedBuffer(long length, Segment[] segments)
    {
        Length = length;
        _segments = segments;
    }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>The bytes, valid as long as the caller is a holder.</summary>
    public ReadOnlySequence<byte> Bytes =>
        _segments.Length == 0 ? ReadOnlySequence<byte>.Empty : new(_segments[0], 0, _segments[^1], _segments[^1].Memory.Length);

    /// <summary>A buffer with room for <paramref name="length"/> bytes of undefined content; the caller is its one holder.</summary>
    public static SharedBuffer Rent(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var segments = new Segment[BlockChecksums.CountFor(length)];
        for (int i = 0; i < segments.Length; i++)
        {
            long start = (long)i * BlockChecksums.BlockSize;
            int size = (int)Math.Min(BlockChecksums.BlockSize, length - start);
            segments[i] = new Segment(ArrayPool<byte>.Shared.Rent(size), size, start);
            if (i > 0)
            {
                segments[i - 1].Append(segments[i]);
            }
        }

        return new SharedBuffer(length, segments);
    }

    /// <summary>A buffer with a copy of <paramref name="bytes"/>; the caller is its one holder.</summary>
    public static SharedBuffer Copy(in ReadOnlySequence<byte> bytes)
    {
        SharedBuffer buffer = Rent(bytes.Length);
        ReadOnlySequence<byte> rest = bytes;
        foreach (Segment segment in buffer._segments)
        {
            rest.Slice(0, segment.Memory.Length).CopyTo(segment.Array);
            rest = rest.Slice(segment.Memory.Length);
        }

        return buffer;
    }

    /// <summary>The room from <paramref name="offset"/> to the end of its block: for whoever fills the buffer, before others read there.</summary>
    public Memory<byte> GetBlockFrom(long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(offset, Length);
        Segment segment = _segments[offset / BlockChecksums.BlockSize];
        int start = (int)(offset % BlockChecksums.BlockSize);
        return segment.Array.AsMemory(start, segment.Memory.Length - start);
    }

    /// <summary>Becomes another holder, who disposes in turn.</summary>
    /// <exception cref="ObjectDisposedException">The last holder has disposed.</exception>
    public SharedBuffer Hold()
    {
        int holders;
        do
        {
            holders = Volatile.Read(ref _holders);
            ObjectDisposedException.ThrowIf(holders == 0, this);
        }
        while (Interlocked.CompareExchange(ref _holders, holders + 1, holders) != holders);
        return this;
    }

    /// <summary>Holds no longer. To be called once by each holder.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            foreach (Segment segment in _segments)
            {
                ArrayPool<byte>.Shared.Return(segment.Array);
            }
        }
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] array, int length, long runningIndex)
        {
            Array = array;
            Memory = array.AsMemory(0, length);
            RunningIndex = runningIndex;
        }

        public byte[] Array { get; }

        public void Append(Segment next) => Next = next;
    }
}
