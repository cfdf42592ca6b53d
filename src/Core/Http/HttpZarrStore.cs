using System.Buffers;

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
public sealed class HttpZarrStore : IZarrStore
{
    private readonly HttpTransport _transport;
    private readonly RemoteReader _reader;

    /// <summary>A store below a URL. Nothing is requested yet.</summary>
    /// <exception cref="ArgumentException">The URL or an option is invalid; the message names it and the rule, and shows no secret.</exception>
    public HttpZarrStore(Uri baseUrl, HttpZarrStoreOptions? options = null)
    {
        options ??= new HttpZarrStoreOptions();
        options.Validate();
        _transport = new HttpTransport(new OriginUrl(baseUrl), options);
        _reader = new RemoteReader(_transport, options.ToReaderOptions());
    }

    /// <inheritdoc/>
    /// <exception cref="OriginUnavailableException">The origin is out of reach, or too slow, for as long as the options allow.</exception>
    public ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        ZarrKey.Validate(key);
        return _reader.GetAsync(key, options, ct);
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

    private static NotSupportedException ReadOnly() => new("An HTTP origin is read-only.");

    private static NotSupportedException NoListing() => new("An HTTP origin cannot list its keys; read them from the dataset's metadata.");
}
