using System.IO.Pipelines;

namespace ZarrCache;

/// <summary>
/// The answer to a read: what is known first, the bytes when they are asked for. An instance belongs to one caller,
/// its bytes may be taken once, by <see cref="ReadAsync"/> or by <see cref="CopyToAsync"/>, and it must be disposed of,
/// taken or not. Not thread-safe.
/// </summary>
public abstract class ReadResult : IAsyncDisposable
{
    /// <summary>An answer without bytes.</summary>
    protected ReadResult(ReadStatus status, in ObjectInfo info)
    {
        Status = status;
        Info = info;
    }

    /// <summary>An answer with the bytes <paramref name="offset"/> to <paramref name="offset"/> + <paramref name="length"/>.</summary>
    protected ReadResult(in ObjectInfo info, long offset, long length)
    {
        Status = ReadStatus.Found;
        Info = info;
        Offset = offset;
        Length = length;
    }

    /// <summary>What came of the read; only <see cref="ReadStatus.Found"/> has bytes.</summary>
    public ReadStatus Status { get; }

    /// <summary>Of the whole object, whatever the range; empty when it is absent.</summary>
    public ObjectInfo Info { get; }

    /// <summary>The first byte of the range as resolved against the object.</summary>
    public long Offset { get; }

    /// <summary>How many bytes this answer has.</summary>
    public long Length { get; }

    /// <summary>An answer without bytes: absent, not modified, or another version than asked for.</summary>
    public static ReadResult WithoutBytes(ReadStatus status, in ObjectInfo info = default) =>
        status == ReadStatus.Found
            ? throw new ArgumentException("An answer that found the object has bytes.", nameof(status))
            : new Empty(status, info);

    /// <summary>Fills <paramref name="destination"/> with the bytes of the range.</summary>
    /// <param name="destination">The caller's memory, exactly <see cref="Length"/> bytes long. After a failure its content is undefined.</param>
    /// <param name="ct">Gives up waiting.</param>
    /// <exception cref="ArgumentException">The memory has another length.</exception>
    /// <exception cref="InvalidOperationException">There are no bytes, or they were taken already.</exception>
    /// <exception cref="ObjectChangedException">The object became another one after this answer began.</exception>
    /// <exception cref="StoreException">The store failed.</exception>
    public ValueTask ReadAsync(Memory<byte> destination, CancellationToken ct)
    {
        Take();
        return destination.Length == Length
            ? ReadCoreAsync(destination, ct)
            : throw new ArgumentException($"The memory has {destination.Length} bytes, the answer {Length}.", nameof(destination));
    }

    /// <summary>
    /// Sends the bytes of the range to <paramref name="destination"/>, block by block, flushing each, so that a slow
    /// reader holds the sender back and memory stays bounded. Does not complete the writer. If the reader of the pipe
    /// has completed, stops and returns.
    /// </summary>
    /// <inheritdoc cref="ReadAsync" path="/exception"/>
    public ValueTask CopyToAsync(PipeWriter destination, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(destination);
        Take();
        return CopyToCoreAsync(destination, ct);
    }

    /// <summary>Gives back what the answer holds: a file, a connection, a place in a fetch.</summary>
    public abstract ValueTask DisposeAsync();

    /// <summary><see cref="ReadAsync"/>, its arguments checked.</summary>
    protected abstract ValueTask ReadCoreAsync(Memory<byte> destination, CancellationToken ct);

    /// <summary><see cref="CopyToAsync"/>, its arguments checked.</summary>
    protected abstract ValueTask CopyToCoreAsync(PipeWriter destination, CancellationToken ct);

    private bool _taken;

    private void Take()
    {
        if (Status != ReadStatus.Found || _taken)
        {
            throw new InvalidOperationException(_taken ? "The bytes of this answer were taken already." : $"An answer that is {Status} has no bytes.");
        }

        _taken = true;
    }

    private sealed class Empty(ReadStatus status, in ObjectInfo info) : ReadResult(status, info)
    {
        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

        protected override ValueTask ReadCoreAsync(Memory<byte> destination, CancellationToken ct) => throw new InvalidOperationException();

        protected override ValueTask CopyToCoreAsync(PipeWriter destination, CancellationToken ct) => throw new InvalidOperationException();
    }
}
