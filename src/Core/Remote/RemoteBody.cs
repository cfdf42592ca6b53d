namespace ZarrCache;

/// <summary>
/// The body of one answer, read with patience: no longer than the stall time-out for the next byte, and on the whole no
/// more slowly than the least rate; only the waiting counts, not the reader's pauses. Not thread-safe.
/// </summary>
internal sealed class RemoteBody(in RemoteReply reply, RemoteReaderOptions options) : IDisposable
{
    private readonly CancellationTokenSource _stalled = new(Timeout.InfiniteTimeSpan, options.TimeProvider);
    private readonly IDisposable _owner = reply.Owner;
    private readonly Stream _stream = reply.Body;
    private TimeSpan _waited;
    private long _received;

    /// <summary>Whether only the end of the body tells how long it is.</summary>
    public bool IsUnsized { get; } = reply.Headers.ContentLength is null;

    /// <summary>Reads the next bytes.</summary>
    /// <returns>How many; 0 at the end.</returns>
    /// <exception cref="IOException">The connection broke, or the body is shorter than announced.</exception>
    /// <exception cref="TimeoutException">It stalled.</exception>
    public async ValueTask<int> ReadSomeAsync(Memory<byte> destination, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        long started = options.TimeProvider.GetTimestamp();
        _stalled.CancelAfter(Patience());
        try
        {
            int count;
            using (ct.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _stalled))
            {
                count = await _stream.ReadAsync(destination, _stalled.Token).ConfigureAwait(false);
            }

            _received += count;
            return count;
        }
        catch (OperationCanceledException e)
        {
            ct.ThrowIfCancellationRequested();
            throw new TimeoutException($"the body stalled after {_received} bytes", e);
        }
        finally
        {
            _stalled.CancelAfter(Timeout.InfiniteTimeSpan);
            _waited += options.TimeProvider.GetElapsedTime(started);
        }
    }

    /// <summary>Reads bytes that nobody wants.</summary>
    /// <inheritdoc cref="ReadSomeAsync" path="/exception"/>
    public async ValueTask SkipAsync(long count, CancellationToken ct)
    {
        byte[] scratch = new byte[Math.Min(count, 64 << 10)];
        while (count > 0)
        {
            int read = await ReadSomeAsync(scratch.AsMemory(0, (int)Math.Min(count, scratch.Length)), ct).ConfigureAwait(false);
            count -= read > 0 ? read : throw new HttpIOException(HttpRequestError.ResponseEnded, "the body ended before the range that was asked for");
        }
    }

    /// <summary>Reads all of a body whose length is not known; null if it is longer than <paramref name="most"/>.</summary>
    /// <inheritdoc cref="ReadSomeAsync" path="/exception"/>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAllAsync(long most, CancellationToken ct)
    {
        byte[] bytes = new byte[4096];
        for (int length = 0; ;)
        {
            if (length == bytes.Length)
            {
                Array.Resize(ref bytes, (int)Math.Min(2L * length, Array.MaxLength));
            }

            int read = await ReadSomeAsync(bytes.AsMemory(length), ct).ConfigureAwait(false);
            length += read;
            if (length > most)
            {
                return null;
            }

            if (read == 0)
            {
                return bytes.AsMemory(0, length);
            }
        }
    }

    /// <summary>Closes the connection unless the body was read to its end, or nearly.</summary>
    public void Dispose()
    {
        _owner.Dispose();
        _stalled.Dispose();
    }

    private TimeSpan Patience()
    {
        if (options.MinBytesPerSecond == 0)
        {
            return options.StallTimeout;
        }

        TimeSpan earned = TimeSpan.FromSeconds((double)_received / options.MinBytesPerSecond);
        TimeSpan left = options.StallTimeout + earned - _waited;
        return left <= TimeSpan.Zero ? TimeSpan.Zero : left < options.StallTimeout ? left : options.StallTimeout;
    }
}
