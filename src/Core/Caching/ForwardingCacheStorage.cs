namespace ZarrCache;

/// <summary>The base of decorators: forwards everything, so that each changes one thing. Disposes of what it wraps.</summary>
public abstract class ForwardingCacheStorage(ICacheStorage inner) : ICacheStorage
{
    /// <summary>What is wrapped.</summary>
    protected ICacheStorage Inner { get; } = inner ?? throw new ArgumentNullException(nameof(inner));

    /// <inheritdoc/>
    public virtual ValueTask<IndexEntry?> FindAsync(string storeId, string key, CancellationToken ct) => Inner.FindAsync(storeId, key, ct);

    /// <inheritdoc/>
    public virtual ValueTask<CacheHit?> GetAsync(string storeId, string key, ByteRange range, CancellationToken ct) => Inner.GetAsync(storeId, key, range, ct);

    /// <inheritdoc/>
    public virtual ValueTask<CachedParts?> FindPartsAsync(string storeId, string key, ByteRange range, CancellationToken ct) => Inner.FindPartsAsync(storeId, key, range, ct);

    /// <inheritdoc/>
    public virtual ValueTask<CacheHit?> GetPartAsync(IndexEntry part, long offset, long length, CancellationToken ct) => Inner.GetPartAsync(part, offset, length, ct);

    /// <inheritdoc/>
    public virtual ValueTask<IAsyncDisposable?> BeginFetchAsync(EntryKey place, Func<ValueTask<bool>> isCached, CancellationToken ct) => Inner.BeginFetchAsync(place, isCached, ct);

    /// <inheritdoc/>
    public virtual ValueTask<bool> PutAsync(CacheItem item, CancellationToken ct) => Inner.PutAsync(item, ct);

    /// <inheritdoc/>
    public virtual ValueTask TouchAsync(IndexEntry entry, DateTimeOffset validatedAt, CancellationToken ct) => Inner.TouchAsync(entry, validatedAt, ct);

    /// <inheritdoc/>
    public virtual ValueTask<bool> DeleteAsync(string storeId, string key, CancellationToken ct) => Inner.DeleteAsync(storeId, key, ct);

    /// <inheritdoc/>
    public virtual ValueTask<IndexTotals> DeletePrefixAsync(string storeId, string prefix, CancellationToken ct) => Inner.DeletePrefixAsync(storeId, prefix, ct);

    /// <inheritdoc/>
    public virtual ValueTask CloseStoreAsync(string storeId, CancellationToken ct) => Inner.CloseStoreAsync(storeId, ct);

    /// <inheritdoc/>
    public virtual ValueTask FlushAsync(CancellationToken ct) => Inner.FlushAsync(ct);

    /// <inheritdoc/>
    public virtual ValueTask<IndexTotals> GetTotalsAsync(string? storeId, CancellationToken ct) => Inner.GetTotalsAsync(storeId, ct);

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        await Inner.DisposeAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }
}
