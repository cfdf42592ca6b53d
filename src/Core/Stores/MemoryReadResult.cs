namespace ZarrCache;

/// <summary>An answer whose bytes lie in memory; for stores that have them there.</summary>
/// <param name="info">Of the whole object.</param>
/// <param name="offset">The first byte of the range as resolved.</param>
/// <param name="bytes">The bytes of the range; they must not change while the answer is in use.</param>
public sealed class MemoryReadResult(in ObjectInfo info, long offset, ReadOnlyMemory<byte> bytes) : ReadResult(info, offset, bytes.Length)
{
    private ReadOnlyMemory<byte> _rest = bytes;

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    protected override ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        _rest[..destination.Length].CopyTo(destination);
        _rest = _rest[destination.Length..];
        return new(destination.Length);
    }
}
