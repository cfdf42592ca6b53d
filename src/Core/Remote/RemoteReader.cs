using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace ZarrCache;

/// <summary>
/// Reads objects from a remote store: one request, which completes with the headers; what they say is held against what
/// was asked, and a body that breaks off is continued, if a strong ETag makes certain that it is the same object. Thread-safe.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore has no wait handle: it holds nothing, and answers that outlive the store still release it.")]
internal sealed partial class RemoteReader(IRemoteTransport transport, RemoteReaderOptions options)
{
    private readonly ILogger _logger = options.Logger;

    // One place for each connection, held by a read from before its first attempt until its answer is disposed of, so that
    // the time-outs of a request do not run while it waits for its turn.
    private readonly SemaphoreSlim _connections = new(options.MaxConnections);

    /// <inheritdoc cref="IZarrStore.GetAsync"/>
    public async ValueTask<ReadResult> GetAsync(string key, ReadOptions read, CancellationToken ct)
    {
        await _connections.WaitAsync(ct).ConfigureAwait(false);
        ReadResult? result = null;
        try
        {
            result = await OpenAsync(key, read, ct).ConfigureAwait(false);
            return result;
        }
        finally
        {
            if (result is not RemoteReadResult)
            {
                Release();
            }
        }
    }

    internal string Describe(string key) => transport.Describe(key);

    internal void Release() => _connections.Release();

    /// <summary>
    /// Whether the rest of a body can be had: with a strong ETag it is certain to be of the same object; without one only
    /// if nothing of it was given away yet.
    /// </summary>
    internal bool MayResume(string key, in ObjectInfo info, long taken, int resumptions, Exception cause)
    {
        if (resumptions > options.MaxResumptions || (taken > 0 && info.StrongETag is null))
        {
            return false;
        }

        if (_logger.IsEnabled(LogLevel.Warning))
        {
            LogResume(_logger, resumptions, options.MaxResumptions, Describe(key), taken, cause.Message);
        }

        return true;
    }

    /// <summary>The body from <paramref name="offset"/> on, of the same object; within the place of the read that broke off.</summary>
    internal async ValueTask<RemoteBody> ResumeAsync(string key, ObjectInfo info, long offset, long length, CancellationToken ct)
    {
        var read = new ReadOptions(ByteRange.Slice(offset, length), IfMatch: info.StrongETag);
        try
        {
            (RemoteAnswer answer, RemoteBody? body) = await RequestAsync(key, read, ct).ConfigureAwait(false);
            if (body is null || answer.Info != info)
            {
                body?.Dispose();
                throw new ObjectChangedException(key);
            }

            await SkipAsync(body, answer.Skip, ct).ConfigureAwait(false);
            return body;
        }
        catch (RangeNotSatisfiableException e)
        {
            throw new ObjectChangedException(key, e);
        }
    }

    private async ValueTask<ReadResult> OpenAsync(string key, ReadOptions read, CancellationToken ct)
    {
        for (int attempt = 1; ; attempt++)
        {
            (RemoteAnswer answer, RemoteBody? body) = await RequestAsync(key, read, ct).ConfigureAwait(false);
            if (body is null)
            {
                return ReadResult.WithoutBytes(answer.Status, answer.Info);
            }

            if (read.HeadersOnly && answer.Info.Size >= 0)
            {
                body.Dispose();
                (long start, long count) = answer.Range.Resolve(key, answer.Info.Size);
                return ReadResult.OfHeaders(answer.Info, start, count);
            }

            try
            {
                if (answer.Info.Size < 0)
                {
                    using (body)
                    {
                        return await BufferAsync(key, body, answer, read.Range, ct).ConfigureAwait(false);
                    }
                }

                await SkipAsync(body, answer.Skip, ct).ConfigureAwait(false);
                (long offset, long length) = answer.Range.Resolve(key, answer.Info.Size);
                return new RemoteReadResult(this, key, body, answer.Info, offset, length);
            }
            catch (Exception e) when (e is IOException or TimeoutException)
            {
                if (!MayResume(key, answer.Info, 0, attempt, e))
                {
                    throw new StoreException($"{Describe(key)} broke off: {e.Message}.", e);
                }
            }
        }
    }

    /// <summary>One answer, and its body where it found the object.</summary>
    private async ValueTask<(RemoteAnswer Answer, RemoteBody? Body)> RequestAsync(string key, ReadOptions read, CancellationToken ct)
    {
        RemoteReply reply = await transport.SendAsync(key, read, ct).ConfigureAwait(false);
        bool isKept = false;
        try
        {
            RemoteAnswer answer = RemoteAnswer.Of(reply.Headers, key, read, transport.IsAbsent(reply.Headers.Status), Describe(key));
            if (answer.Status != ReadStatus.Found)
            {
                return (answer, null);
            }

            isKept = true;
            return (answer, new RemoteBody(reply, options));
        }
        catch (StoreException e) when (e is not RangeNotSatisfiableException)
        {
            LogRefusal(_logger, e.Message);
            throw;
        }
        finally
        {
            if (!isKept)
            {
                reply.Owner.Dispose();
            }
        }
    }

    private static async ValueTask SkipAsync(RemoteBody body, long count, CancellationToken ct)
    {
        bool isDone = false;
        try
        {
            await body.SkipAsync(count, ct).ConfigureAwait(false);
            isDone = true;
        }
        finally
        {
            if (!isDone)
            {
                body.Dispose();
            }
        }
    }

    /// <summary>A body of unknown length: read whole, for its size must be known before its bytes are given away.</summary>
    private async ValueTask<ReadResult> BufferAsync(string key, RemoteBody body, RemoteAnswer answer, ByteRange asked, CancellationToken ct)
    {
        ReadOnlyMemory<byte> bytes = await body.ReadAllAsync(options.MaxUnsizedBody, ct).ConfigureAwait(false)
            ?? throw new StoreException($"{Describe(key)} gives no Content-Length and more than {options.MaxUnsizedBody} bytes, which {nameof(options.MaxUnsizedBody)} is the limit of.");
        ObjectInfo info = answer.Info with { Size = bytes.Length };
        asked.Resolve(key, info.Size);
        (long offset, long length) = answer.Range.Resolve(key, info.Size);
        return new MemoryReadResult(info, offset, bytes.Slice((int)offset, (int)length));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Continuation {Resumption} of at most {MaxResumptions} of {Url} after {Taken} bytes: {Reason}")]
    private static partial void LogResume(ILogger logger, int resumption, int maxResumptions, string url, long taken, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused: {Reason}")]
    private static partial void LogRefusal(ILogger logger, string reason);
}
