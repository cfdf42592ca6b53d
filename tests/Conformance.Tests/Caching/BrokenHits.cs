using System.Buffers;

namespace ZarrCache.Conformance.Tests;

/// <summary>A hit whose last byte is another one.</summary>
internal sealed class TornHit(CacheHit inner) : CacheHit(inner.Entry, inner.Offset, inner.Length)
{
    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    protected override async ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct)
    {
        int read = await inner.ReadSomeAsync(destination, ct);
        if (inner.Remaining == 0)
        {
            destination.Span[read - 1] ^= 1;
        }

        return read;
    }
}

/// <summary>A hit that claims to be of one range, and gives the first bytes of the object.</summary>
internal sealed class ShiftedHit(CacheHit claimed, CacheHit given) : CacheHit(claimed.Entry, claimed.Offset, claimed.Length)
{
    public override async ValueTask DisposeAsync()
    {
        await claimed.DisposeAsync();
        await given.DisposeAsync();
    }

    protected override ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct) => given.ReadSomeAsync(destination, ct);
}

/// <summary>A hit of bytes that lie elsewhere.</summary>
internal sealed class CopiedHit(IndexEntry entry, long offset, long length, SharedBuffer bytes) : CacheHit(entry, offset, length)
{
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected override ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct)
    {
        bytes.Bytes.Slice(Offset + Length - Remaining, destination.Length).CopyTo(destination.Span);
        return new(destination.Length);
    }
}
