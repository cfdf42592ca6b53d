using System.Buffers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ZarrCache;

/// <summary>
/// A read-only origin over HTTP or HTTPS: the value of a key lies at the base URL + <c>/</c> + the key. A read is one GET,
/// which completes with the headers; disposing of the answer unread does not download it. Thread-safe.
/// </summary>
/// <remarks>
/// A query in the base URL (a signed URL) is appended to every request and, like credentials, never shown. What an
/// answer says is held against what was asked: another range, a coding, a short body or a page of HTML is an error,
/// never data. Failures that may pass are repeated with back-off, and a body that breaks off is continued, if a strong ETag
/// makes certain that it is the same object.
/// </remarks>
public sealed partial class HttpZarrStore : IZarrStore
{
    private readonly HttpZarrStoreOptions _options;
    private readonly ILogger _logger;
    private readonly OriginUrl _origin;
    private readonly HttpTransport _transport;

    // One place for each connection, held by a read from before its first attempt until its answer is disposed of, so that
    // the time-outs of a request do not run while it waits for its turn.
    private readonly SemaphoreSlim _connections;

    /// <summary>A store below a URL. Nothing is requested yet.</summary>
    /// <exception cref="ArgumentException">The URL or an option is invalid; the message names it and the rule, and shows no secret.</exception>
    public HttpZarrStore(Uri baseUrl, HttpZarrStoreOptions? options = null)
    {
        _options = options ?? new HttpZarrStoreOptions();
        _options.Validate();
        _logger = _options.Logger ?? NullLogger.Instance;
        _origin = new OriginUrl(baseUrl);
        _transport = new HttpTransport(_origin, _options);
        _connections = new SemaphoreSlim(_options.MaxConnections);
    }

    /// <inheritdoc/>
    /// <exception cref="OriginUnavailableException">The origin is out of reach, or too slow, for as long as the options allow.</exception>
    public async ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        ZarrKey.Validate(key);
        await _connections.WaitAsync(ct).ConfigureAwait(false);
        ReadResult? result = null;
        try
        {
            result = await OpenAsync(key, options, ct).ConfigureAwait(false);
            return result;
        }
        finally
        {
            if (result is not HttpReadResult)
            {
                Release();
            }
        }
    }

    /// <summary>Not possible: the origin is read-only.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, CancellationToken ct) => throw ReadOnly();

    /// <inheritdoc cref="SetAsync"/>
    public ValueTask<bool> EraseAsync(string key, CancellationToken ct) => throw ReadOnly();

    /// <inheritdoc cref="SetAsync"/>
    public ValueTask ErasePrefixAsync(string prefix, CancellationToken ct) => throw ReadOnly();

    /// <summary>Not possible: HTTP has no listing.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public IAsyncEnumerable<string> ListPrefixAsync(string prefix, CancellationToken ct) => throw NoListing();

    /// <inheritdoc cref="ListPrefixAsync"/>
    public IAsyncEnumerable<string> ListDirAsync(string prefix, CancellationToken ct) => throw NoListing();

    /// <summary>Closes the connections; a handler that was handed in stays open.</summary>
    public ValueTask DisposeAsync()
    {
        _transport.Dispose();
        return ValueTask.CompletedTask;
    }

    internal string Describe(string key) => OriginUrl.Redact(_origin.For(key));

    internal void Release() => _connections.Release();

    /// <summary>
    /// Whether the rest of a body can be had: with a strong ETag it is certain to be of the same object; without one only
    /// if nothing of it was given away yet.
    /// </summary>
    internal bool MayResume(string key, in ObjectInfo info, long taken, int resumptions, Exception cause)
    {
        if (resumptions > _options.MaxResumptions || (taken > 0 && !IsStrong(info.ETag)))
        {
            return false;
        }

        if (_logger.IsEnabled(LogLevel.Warning))
        {
            LogResume(_logger, resumptions, _options.MaxResumptions, Describe(key), taken, cause.Message);
        }

        return true;
    }

    /// <summary>The body from <paramref name="offset"/> on, of the same object; within the place of the read that broke off.</summary>
    internal async ValueTask<HttpBody> ResumeAsync(string key, ObjectInfo info, long offset, long length, CancellationToken ct)
    {
        var options = new ReadOptions(ByteRange.Slice(offset, length), IfMatch: IsStrong(info.ETag) ? info.ETag : null);
        try
        {
            (HttpAnswer answer, HttpBody? body) = await RequestAsync(key, options, ct).ConfigureAwait(false);
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

    private async ValueTask<ReadResult> OpenAsync(string key, ReadOptions options, CancellationToken ct)
    {
        for (int attempt = 1; ; attempt++)
        {
            (HttpAnswer answer, HttpBody? body) = await RequestAsync(key, options, ct).ConfigureAwait(false);
            if (body is null)
            {
                return ReadResult.WithoutBytes(answer.Status, answer.Info);
            }

            try
            {
                if (answer.Info.Size < 0)
                {
                    using (body)
                    {
                        return await BufferAsync(key, body, answer, options.Range, ct).ConfigureAwait(false);
                    }
                }

                await SkipAsync(body, answer.Skip, ct).ConfigureAwait(false);
                (long offset, long length) = answer.Range.Resolve(key, answer.Info.Size);
                return new HttpReadResult(this, key, body, answer.Info, offset, length);
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
    private async ValueTask<(HttpAnswer Answer, HttpBody? Body)> RequestAsync(string key, ReadOptions options, CancellationToken ct)
    {
        HttpResponseMessage response = await _transport.SendAsync(key, options, ct).ConfigureAwait(false);
        bool isKept = false;
        try
        {
            HttpAnswer answer = HttpAnswer.Of(response, key, options, _options, Describe(key));
            if (answer.Status != ReadStatus.Found)
            {
                return (answer, null);
            }

            var body = new HttpBody(response, await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false), _options);
            isKept = true;
            return (answer, body);
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
                response.Dispose();
            }
        }
    }

    private static async ValueTask SkipAsync(HttpBody body, long count, CancellationToken ct)
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
    private async ValueTask<ReadResult> BufferAsync(string key, HttpBody body, HttpAnswer answer, ByteRange asked, CancellationToken ct)
    {
        ReadOnlyMemory<byte> bytes = await body.ReadAllAsync(_options.MaxUnsizedBody, ct).ConfigureAwait(false)
            ?? throw new StoreException($"{Describe(key)} gives no Content-Length and more than {_options.MaxUnsizedBody} bytes, which {nameof(HttpZarrStoreOptions.MaxUnsizedBody)} is the limit of.");
        ObjectInfo info = answer.Info with { Size = bytes.Length };
        asked.Resolve(key, info.Size);
        (long offset, long length) = answer.Range.Resolve(key, info.Size);
        return new MemoryReadResult(info, offset, bytes.Slice((int)offset, (int)length));
    }

    private static bool IsStrong(string? etag) => etag is not null && !etag.StartsWith("W/", StringComparison.Ordinal);

    private static NotSupportedException ReadOnly() => new("An HTTP origin is read-only.");

    private static NotSupportedException NoListing() => new("An HTTP origin cannot list its keys; read them from the dataset's metadata.");

    [LoggerMessage(Level = LogLevel.Warning, Message = "Continuation {Resumption} of at most {MaxResumptions} of {Url} after {Taken} bytes: {Reason}")]
    private static partial void LogResume(ILogger logger, int resumption, int maxResumptions, string url, long taken, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused: {Reason}")]
    private static partial void LogRefusal(ILogger logger, string reason);
}
