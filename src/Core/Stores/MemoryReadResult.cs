using System.Buffers;
using System.IO.Pipelines;

namespace ZarrCache;

/// <summary>An answer whose bytes lie in memory; for stores that have them there.</summary>
/// <param name="info">Of the whole object.</param>
/// <param name="offset">The first byte of the range as resolved.</param>
/// <param name="bytes">The bytes of the range; they must not change while the answer is in use.</param>
public sealed class MemoryReadResult(in ObjectInfo info, long offset, ReadOnlyMemory<byte> bytes) : ReadResult(info, offset, bytes.Length)
{
    private const int BlockSize = 64 << 10;

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    protected override ValueTask ReadCoreAsync(Memory<byte> destination, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        bytes.CopyTo(destination);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async ValueTask CopyToCoreAsync(PipeWriter destination, CancellationToken ct)
    {
        for (ReadOnlyMemory<byte> rest = bytes; !rest.IsEmpty;)
        {
            ReadOnlyMemory<byte> block = rest[..Math.Min(BlockSize, rest.Length)];
            destination.Write(block.Span);
            if ((await destination.FlushAsync(ct).ConfigureAwait(false)).IsCompleted)
            {
                return;
            }

            rest = rest[block.Length..];
        }
    }
}
