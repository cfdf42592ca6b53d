using System.Buffers;

namespace ZarrCache.Conformance;

/// <summary>Bytes whose second half cannot be had, as if the device that they lie on had failed.</summary>
public sealed class FailingSequence : MemoryManager<byte>
{
    /// <summary>The bytes, and as many again that throw an <see cref="IOException"/>.</summary>
    public static ReadOnlySequence<byte> Create(byte[] bytes)
    {
        var second = new Segment(new FailingSequence(bytes.Length).Memory, bytes.Length, null);
        return new(new Segment(bytes, 0, second), 0, second, bytes.Length);
    }

    private readonly int _length;

    private FailingSequence(int length) => _length = length;

    public override Memory<byte> Memory => CreateMemory(_length);

    public override Span<byte> GetSpan() => throw new IOException("These bytes cannot be read.");

    public override MemoryHandle Pin(int elementIndex = 0) => throw new IOException("These bytes cannot be read.");

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long start, Segment? next)
        {
            Memory = memory;
            RunningIndex = start;
            Next = next;
        }
    }
}
