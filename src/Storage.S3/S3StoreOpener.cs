using System.Runtime.CompilerServices;

namespace ZarrCache.Storage.S3;

/// <summary>
/// The stores of a cache by a pattern. A store id is one segment of the names: <c>%</c> and <c>/</c> in it are written as
/// <c>%25</c> and <c>%2F</c>. The stores share one connection, which is opened with the first and closed with the last.
/// </summary>
internal sealed class S3StoreOpener : StoreOpener
{
    private readonly S3Settings _settings;
    private readonly S3Place _place;
    private readonly string _before;
    private readonly string _after;

    /// <summary>Guards the two below.</summary>
    private readonly Lock _lock = new();
    private S3Connection? _connection;
    private int _users;

    public S3StoreOpener(string pattern, S3StoreOptions options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(pattern);
        S3Address address = S3Address.Parse(pattern);
        string path = address.Prefix.TrimEnd('/');
        int at = path.IndexOf(Placeholder, StringComparison.Ordinal);
        if (at < 0 || path.IndexOf(Placeholder, at + 1, StringComparison.Ordinal) >= 0)
        {
            throw new ArgumentException($"The pattern 's3://{address.Bucket}/{path}' must contain {Placeholder} exactly once, after the bucket, as in 's3://{address.Bucket}/cache/{Placeholder}.zarr'.", nameof(pattern));
        }

        _settings = new S3Settings(address, options);
        _before = path[..at];
        _after = path[(at + Placeholder.Length)..] + "/";
        _place = new S3Place(_before);
    }

    public override int ConcurrentWrites => _settings.Options.MaxUploads;

    public override IChunkStore Open(string storeId)
    {
        ZarrKey.ValidateStoreId(storeId);
        Use use = Begin();
        return new S3ZarrStore(use.Connection, PrefixOf(storeId), _place, _ => use.Dispose());
    }

    public override async ValueTask CheckAsync(CancellationToken ct)
    {
        using Use use = Begin();
        await _place.ClaimAsync(use.Connection, ct).ConfigureAwait(false);
    }

    public override async IAsyncEnumerable<string> ListStoresAsync([EnumeratorCancellation] CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        using Use use = Begin();
        if (!await _place.IsOwnAsync(use.Connection, ct).ConfigureAwait(false))
        {
            yield break;
        }

        await foreach (S3Page page in new S3Listing(use.Connection, new S3Names(_before)).PagesAsync("", "/", ct).ConfigureAwait(false))
        {
            foreach (string name in page.Prefixes)
            {
                if (IdOf(name) is { } id && await HoldsAnythingAsync(use.Connection, id, ct).ConfigureAwait(false))
                {
                    yield return id;
                }
            }
        }
    }

    private string PrefixOf(string id) => $"{_before}{id.Replace("%", "%25", StringComparison.Ordinal).Replace("/", "%2F", StringComparison.Ordinal)}{_after}";

    /// <summary>The id that a directory is of; null if it is none's.</summary>
    private string? IdOf(string directory)
    {
        string suffix = _after[..(_after.IndexOf('/', StringComparison.Ordinal) + 1)];
        if (!directory.EndsWith(suffix, StringComparison.Ordinal) || directory.Length <= _before.Length + suffix.Length)
        {
            return null;
        }

        string id = directory[_before.Length..^suffix.Length].Replace("%2F", "/", StringComparison.Ordinal).Replace("%25", "%", StringComparison.Ordinal);
        return ZarrKey.IsValid(id) && PrefixOf(id).StartsWith(directory, StringComparison.Ordinal) ? id : null;
    }

    private async ValueTask<bool> HoldsAnythingAsync(S3Connection connection, string id, CancellationToken ct)
    {
        await foreach (S3Page page in new S3Listing(connection, new S3Names(PrefixOf(id))).PagesAsync("", "/", ct).ConfigureAwait(false))
        {
            if (page.Items.Count + page.Prefixes.Count > 0)
            {
                return true;
            }
        }

        return false;
    }

    private Use Begin()
    {
        lock (_lock)
        {
            _connection ??= new S3Connection(_settings);
            _users++;
            return new Use(this, _connection);
        }
    }

    private void End()
    {
        S3Connection? last = null;
        lock (_lock)
        {
            if (--_users == 0)
            {
                (last, _connection) = (_connection, null);
            }
        }

        last?.Dispose();
    }

    /// <summary>One user of the connection; disposed of once.</summary>
    private sealed class Use(S3StoreOpener opener, S3Connection connection) : IDisposable
    {
        public S3Connection Connection => connection;

        public void Dispose() => opener.End();
    }
}
