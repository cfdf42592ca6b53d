using System.IO.Pipelines;

namespace ZarrCache;

/// <summary>
/// The answer to a read: what is known first, the bytes when they are asked for, from the first to the last, in pieces of
/// any length. An instance belongs to one caller and must be disposed of, read or not. Not thread-safe.
/// </summary>
/// <remarks>A store implements <see cref="ReadSomeCoreAsync"/> and <see cref="DisposeAsync"/>; the rest stands on them.</remarks>
public abstract class ReadResult : IAsyncDisposable
{
    /// <summary>What is asked of a pipe at once, if the answer has no blocks of its own: large enough to be efficient, small enough to be given back soon.</summary>
    private const int PipeBlock = 64 * 1024;

    private long _taken;

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

    /// <summary>Whether this was served from a cache past its time, because the origin could not be asked: true once, maybe no longer.</summary>
    public bool IsStale { get; internal init; }

    /// <summary>
    /// Whether a cache answered: all bytes were there when the answer began, or it knew that there are none. Should they turn
    /// out bad, the origin's follow.
    /// </summary>
    public bool IsCached { get; internal init; }

    /// <summary>How many of them were not read yet.</summary>
    public long Remaining => Length - _taken;

    /// <summary>An answer without bytes: absent, not modified, or another version than asked for.</summary>
    public static ReadResult WithoutBytes(ReadStatus status, in ObjectInfo info = default) => WithoutBytes(status, info, isStale: false, isCached: false);

    /// <summary>An answer that found the object for who reads no byte of it (<see cref="ReadOptions.HeadersOnly"/>); reading one is an <see cref="InvalidOperationException"/>.</summary>
    /// <param name="info">Of the whole object.</param>
    /// <param name="offset">The first byte of the range as resolved.</param>
    /// <param name="length">How many bytes the range has.</param>
    public static ReadResult OfHeaders(in ObjectInfo info, long offset, long length) => new HeadersResult(info, offset, length);

    internal static ReadResult WithoutBytes(ReadStatus status, in ObjectInfo info, bool isStale, bool isCached) =>
        status == ReadStatus.Found
            ? throw new ArgumentException("An answer that found the object has bytes.", nameof(status))
            : new Empty(status, info) { IsStale = isStale, IsCached = isCached };

    /// <summary>Fills <paramref name="destination"/> with the next bytes of the range.</summary>
    /// <param name="destination">The caller's memory, at most <see cref="Remaining"/> bytes long. After a failure its content is undefined.</param>
    /// <param name="ct">Gives up waiting.</param>
    /// <exception cref="ArgumentException">The memory is longer than what remains.</exception>
    /// <exception cref="ObjectChangedException">The object became another one after this answer began.</exception>
    /// <exception cref="StoreException">The store failed; no more can be read.</exception>
    public async ValueTask ReadAsync(Memory<byte> destination, CancellationToken ct)
    {
        Check(destination);
        while (!destination.IsEmpty)
        {
            destination = destination[await ReadSomeAsync(destination, ct).ConfigureAwait(false)..];
        }
    }

    /// <summary>Reads the next bytes, as many as there are without waiting for more.</summary>
    /// <returns>How many: at least 1, unless <paramref name="destination"/> is empty.</returns>
    /// <inheritdoc cref="ReadAsync" path="/*[not(self::summary)]"/>
    public async ValueTask<int> ReadSomeAsync(Memory<byte> destination, CancellationToken ct)
    {
        Check(destination);
        if (destination.IsEmpty)
        {
            return 0;
        }

        int count = await ReadSomeCoreAsync(destination, ct).ConfigureAwait(false);
        if (count < 1 || count > destination.Length)
        {
            throw new StoreException($"A store gave {count} bytes where 1 to {destination.Length} were due; {Remaining} remain.");
        }

        _taken += count;
        return count;
    }

    /// <summary>
    /// Sends what remains to <paramref name="destination"/>, block by block, flushing each, so that a slow reader holds
    /// the sender back and memory stays bounded. Does not complete the writer. Returns early if the pipe's reader has
    /// completed.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token, or the pipe's pending flush, was cancelled.</exception>
    /// <inheritdoc cref="ReadAsync" path="/exception"/>
    public async ValueTask CopyToAsync(PipeWriter destination, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(destination);
        while (Remaining > 0)
        {
            int most = (int)Math.Min(Remaining, PreferredPiece);
            destination.Advance(await ReadSomeAsync(destination.GetMemory(most)[..most], ct).ConfigureAwait(false));
            FlushResult flush = await destination.FlushAsync(ct).ConfigureAwait(false);
            if (flush.IsCanceled)
            {
                throw new OperationCanceledException("The flush of the pipe was cancelled.");
            }

            if (flush.IsCompleted)
            {
                return;
            }
        }
    }

    /// <summary>How many bytes are best asked for next: an answer that is verified by blocks fills a block's memory in place, and copies pieces of one.</summary>
    internal virtual int PreferredPiece => PipeBlock;

    /// <summary>Gives back what the answer holds: a file, a connection, a place in a fetch.</summary>
    public abstract ValueTask DisposeAsync();

    /// <summary>
    /// Reads the next bytes of the range: at least 1, at most <c>destination.Length</c>, which is neither 0 nor more than
    /// <see cref="Remaining"/>. Where there are no more although some remain, that is a <see cref="StoreException"/>.
    /// </summary>
    protected abstract ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct);

    private void Check(Memory<byte> destination)
    {
        if (destination.Length > Remaining)
        {
            throw new ArgumentException($"The memory has {destination.Length} bytes, but {Remaining} remain of an answer that is {Status}.", nameof(destination));
        }
    }

    private sealed class HeadersResult(in ObjectInfo info, long offset, long length) : ReadResult(info, offset, length)
    {
        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

        protected override ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct) =>
            throw new InvalidOperationException($"This answer was asked for with {nameof(ReadOptions.HeadersOnly)}: it has no bytes.");
    }

    private sealed class Empty(ReadStatus status, in ObjectInfo info) : ReadResult(status, info)
    {
        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

        protected override ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct) => new(0);
    }
}
