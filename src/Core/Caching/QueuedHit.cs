using System.Buffers;

namespace ZarrCache;

/// <summary>A hit whose bytes still wait to be written; holds them until it is disposed of.</summary>
internal sealed class QueuedHit : CacheHit
{
    private readonly SharedBuffer _bytes;
    private ReadOnlySequence<byte> _rest;
    private bool _disposed;

    /// <param name="entry">The entry.</param>
    /// <param name="offset">The first byte wanted, in the object.</param>
    /// <param name="length">How many.</param>
    /// <param name="bytes">The bytes of the entry, held for this.</param>
    public QueuedHit(IndexEntry entry, long offset, long length, SharedBuffer bytes)
        : base(entry, offset, length)
    {
        _bytes = bytes;
        _rest = bytes.Bytes.Slice(offset - entry.Offset, length);
    }

    public override ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            _bytes.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    protected override ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_disposed, this);
        _rest.Slice(0, destination.Length).CopyTo(destination.Span);
        _rest = _rest.Slice(destination.Length);
        return new(destination.Length);
    }
}
