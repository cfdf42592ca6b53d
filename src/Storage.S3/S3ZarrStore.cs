using System.Buffers;
using System.Runtime.CompilerServices;
using Amazon.S3.Model;

namespace ZarrCache.Storage.S3;

/// <summary>
/// A Zarr store as the objects below a prefix of an S3 bucket, at Amazon's or any compatible server: the key <c>u/c/0/1</c> is the
/// object <c>prefix/u/c/0/1</c>, so that any Zarr tool opens it. As an origin, and as the chunks of a cache
/// (<see cref="Opener"/>). Thread-safe.
/// </summary>
/// <remarks>
/// A read is one request, which completes with the headers; a body that breaks off is continued under If-Match, so that an
/// object that changes meanwhile is never mixed. A value is there all at once or not at all. Failures that may pass
/// are repeated with back-off. Messages name bucket, object and server, and never a secret.
/// A key that is longer than 1024 bytes together with the prefix, which is more than S3 has, is absent and cannot be written.
/// </remarks>
public sealed class S3ZarrStore : IChunkStore
{
    private readonly S3Connection _connection;
    private readonly Action<S3Connection> _release;
    private readonly S3Place? _place;
    private readonly S3Names _names;
    private readonly S3Reads _reads;
    private readonly RemoteReader _reader;
    private readonly S3Listing _listing;
    private readonly S3Uploads _uploads;
    private readonly S3Erasure _erasure;
    private int _disposed;

    /// <summary>A store below an address. Nothing is requested yet.</summary>
    /// <param name="address">Such as <c>s3://bucket/era5.zarr</c>; see <see cref="S3Address"/> for what a query may say.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <exception cref="ArgumentException">The address or an option is invalid; the message names it and the rule, and shows no secret.</exception>
    public S3ZarrStore(string address, S3StoreOptions? options = null)
        : this(S3Address.Parse(address), options ?? new S3StoreOptions())
    {
    }

    private S3ZarrStore(S3Address address, S3StoreOptions options)
        : this(new S3Connection(new S3Settings(address, options)), address.Prefix, place: null, static connection => connection.Dispose())
    {
    }

    /// <param name="connection">The way to the bucket.</param>
    /// <param name="prefix">What the names of the objects begin with.</param>
    /// <param name="place">The place of a cache, which must be its own before anything in it is changed; null for an origin.</param>
    /// <param name="release">Gives the connection back.</param>
    internal S3ZarrStore(S3Connection connection, string prefix, S3Place? place, Action<S3Connection> release)
    {
        _connection = connection;
        _release = release;
        _place = place;
        _names = new S3Names(prefix);
        _reads = new S3Reads(connection, _names);
        _reader = new RemoteReader(_reads, connection.Options.ToReaderOptions());
        _listing = new S3Listing(connection, _names);
        _uploads = new S3Uploads(connection);
        _erasure = new S3Erasure(connection);
    }

    /// <summary>Opens the chunks of each store of a cache below a prefix of its own, over connections that they share.</summary>
    /// <param name="pattern">An address with <see cref="StoreOpener.Placeholder"/> once, such as <c>s3://bucket/cache/{store_id}.zarr</c>. What stands before the placeholder must be the cache's own: a place that holds anything else is refused.</param>
    /// <param name="options">The options; null for those of a cache: impatient, no Last-Modified.</param>
    /// <exception cref="ArgumentException">The pattern or an option is invalid; the message names it and the rule.</exception>
    public static StoreOpener Opener(string pattern, S3StoreOptions? options = null) => new S3StoreOpener(pattern, options ?? S3StoreOptions.ForChunks());

    /// <summary>Where the store is, its server included, wherever that was said: what tells it from other stores (see <see cref="S3Address.ToString"/>).</summary>
    public string Address => S3Address.Format(_connection.Bucket, _names.Prefix, _connection.Settings.Endpoint);

    /// <inheritdoc/>
    /// <exception cref="OriginUnavailableException">The server is out of reach, or too slow, for as long as the options allow.</exception>
    public ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        ZarrKey.Validate(key);
        CheckOpen(ct);
        return _reader.GetAsync(key, options, ct);
    }

    /// <inheritdoc/>
    public ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, CancellationToken ct) => SetAsync(key, value, default, ct);

    /// <inheritdoc/>
    public async ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct)
    {
        ZarrKey.Validate(key);
        await PrepareAsync(ct).ConfigureAwait(false);
        string name = _names.ToName(key);
        if (!S3Names.Fits(name))
        {
            throw new StoreException($"Cannot write '{key}': with its prefix '{_names.Prefix}' it is longer than the {ZarrKey.MaxBytes} bytes that S3 allows a name.");
        }

        var written = new ObjectInfo(value.Length, await _uploads.WriteAsync(name, value, record, ct).ConfigureAwait(false), null);
        return _connection.Options.LastModified ? await DateAsync(key, written, ct).ConfigureAwait(false) : written;
    }

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> GetRecordAsync(string key, CancellationToken ct)
    {
        ZarrKey.Validate(key);
        CheckOpen(ct);
        return await _reads.GetRecordAsync(key, ct).ConfigureAwait(false);
    }

    /// <summary>Removes a value. Costs two requests, for S3 does not say whether there was one.</summary>
    /// <returns>Whether there was one.</returns>
    public async ValueTask<bool> EraseAsync(string key, CancellationToken ct)
    {
        ZarrKey.Validate(key);
        await PrepareAsync(ct).ConfigureAwait(false);
        if (await _reads.FindAsync(key, ct).ConfigureAwait(false) is null)
        {
            return false;
        }

        await _erasure.EraseAsync(_names.ToName(key), ct).ConfigureAwait(false);
        return true;
    }

    /// <inheritdoc/>
    /// <remarks>One request, where <see cref="EraseAsync"/> takes two.</remarks>
    public async ValueTask DiscardAsync(string key, CancellationToken ct)
    {
        ZarrKey.Validate(key);
        await PrepareAsync(ct).ConfigureAwait(false);
        string name = _names.ToName(key);
        if (S3Names.Fits(name)) // else no bucket has it
        {
            await _erasure.EraseAsync(name, ct).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    /// <remarks>One request for a thousand values, to list and to erase them.</remarks>
    public async ValueTask ErasePrefixAsync(string prefix, CancellationToken ct)
    {
        ZarrKey.ValidatePrefix(prefix);
        await PrepareAsync(ct).ConfigureAwait(false);
        await foreach (S3Page page in _listing.PagesAsync(prefix, null, ct).ConfigureAwait(false))
        {
            await _erasure.EraseAsync([.. page.Items.Select(item => item.Name)], ct).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListPrefixAsync(string prefix, CancellationToken ct)
    {
        ZarrKey.ValidatePrefix(prefix);
        return ValuesAsync(prefix, ct).Select(found => found.Key);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListDirAsync(string prefix, CancellationToken ct)
    {
        ZarrKey.ValidatePrefix(prefix);
        return ListAsync(prefix, ct);

        async IAsyncEnumerable<string> ListAsync(string below, [EnumeratorCancellation] CancellationToken token)
        {
            CheckOpen(token);
            await foreach (S3Page page in _listing.PagesAsync(below, "/", token).ConfigureAwait(false))
            {
                foreach (string name in page.Items.Select(item => item.Name).Where(IsValue).Concat(page.Prefixes))
                {
                    if (_names.ToKey(name) is { } key)
                    {
                        yield return key;
                    }
                }
            }
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ScanAsync(CancellationToken ct) => ValuesAsync("", ct);

    /// <summary>Gives up uploads in parts that nobody ended.</summary>
    /// <inheritdoc/>
    public async ValueTask<RemovedTemporaries> RemoveTemporariesAsync(TimeSpan age, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(age, TimeSpan.Zero);
        await PrepareAsync(ct).ConfigureAwait(false);
        DateTimeOffset limit = _connection.Options.TimeProvider.GetUtcNow() - age;
        RemovedTemporaries removed = default;
        await foreach (MultipartUpload upload in _listing.UploadsAsync(ct).ConfigureAwait(false))
        {
            DateTimeOffset begun = S3Listing.At(upload.Initiated);
            removed += begun <= limit ? new(await _uploads.RemoveAsync(upload.Key, upload.UploadId, ct).ConfigureAwait(false), null) : new(0, begun);
        }

        return removed;
    }

    /// <summary>The size itself: an object store has no blocks.</summary>
    public long GetAllocatedSize(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        return size;
    }

    /// <summary>Closes the connections, unless other stores of the same opener use them.</summary>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _release(_connection);
        }

        return ValueTask.CompletedTask;
    }

    private async IAsyncEnumerable<StoredObject> ValuesAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        CheckOpen(ct);
        await foreach (S3Page page in _listing.PagesAsync(prefix, null, ct).ConfigureAwait(false))
        {
            foreach (S3Item item in page.Items)
            {
                if (IsValue(item.Name) && _names.ToKey(item.Name) is { } key)
                {
                    yield return new StoredObject(key, item.Size, item.WrittenAt);
                }
            }
        }
    }

    /// <summary>A name that ends in a slash is what some tools leave in the place of a directory.</summary>
    private static bool IsValue(string name) => !name.EndsWith('/');

    /// <summary>When a value that was just written changed last. The write has been done, whatever comes of this.</summary>
    private async ValueTask<ObjectInfo> DateAsync(string key, ObjectInfo written, CancellationToken ct)
    {
        try
        {
            return await _reads.FindAsync(key, ct).ConfigureAwait(false) is { } found && found.MayBeSameVersion(written) ? found : written;
        }
        catch (StoreException)
        {
            return written; // LastModified: not known
        }
    }

    private ValueTask PrepareAsync(CancellationToken ct)
    {
        if (_connection.Options.ReadOnly)
        {
            throw new NotSupportedException($"The store in {_connection.Describe(_names.Prefix)} was opened read-only.");
        }

        CheckOpen(ct);
        return _place?.ClaimAsync(_connection, ct) ?? ValueTask.CompletedTask;
    }

    private void CheckOpen(CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        ct.ThrowIfCancellationRequested();
    }
}
