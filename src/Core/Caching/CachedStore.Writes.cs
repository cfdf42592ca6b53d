using System.Buffers;

namespace ZarrCache;

public sealed partial class CachedStore
{
    /// <summary>Writes to the origin, then replaces what is cached; what was not cached is not added.</summary>
    /// <exception cref="ZarrCacheException">The origin failed; or it has the value, but the cache could not drop the old one.</exception>
    /// <inheritdoc/>
    public async ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ZarrKey.Validate(key);
        IndexEntry? before = await Storage.FindAsync(StoreId, key, ct).ConfigureAwait(false);
        using SharedBuffer? copy = before is { Kind: EntryKind.Value } || ZarrKey.IsMetadata(key) ? SharedBuffer.Copy(value) : null;
        long started = _time.GetTimestamp();

        // Of two writes at once nobody knows which the origin carried out last: each supersedes the other's claim, and neither is cached.
        var claim = Fetch.OfWrite(key);
        try
        {
            ObjectInfo info;
            try
            {
                await Fetcher.SupersedeAsync(key, claim).ConfigureAwait(false);
                info = await _origin.SetAsync(key, value, ct).ConfigureAwait(false);
            }
            finally
            {
                // Also after a failure: nobody knows what the origin has now.
                await ForgetAsync(key, copy, claim).ConfigureAwait(false);
            }

            if (before is { Kind: EntryKind.Value })
            {
                var item = new CacheItem { StoreId = StoreId, Key = key, Info = info, Bytes = copy, LoadDuration = _time.GetElapsedTime(started), FetchedAt = _time.GetUtcNow() };
                await claim.StoreAsync(() => Storage.PutAsync(item, CancellationToken.None).AsTask()).ConfigureAwait(false);
            }

            return info;
        }
        finally
        {
            Fetcher.EndWrite(claim);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> EraseAsync(string key, CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ZarrKey.Validate(key);
        try
        {
            await Fetcher.SupersedeAsync(key).ConfigureAwait(false);
            return await _origin.EraseAsync(key, ct).ConfigureAwait(false);
        }
        finally
        {
            await ForgetAsync(key, null, null).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask ErasePrefixAsync(string prefix, CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ZarrKey.ValidatePrefix(prefix);
        try
        {
            await Fetcher.SupersedePrefixAsync(prefix).ConfigureAwait(false);
            await _origin.ErasePrefixAsync(prefix, ct).ConfigureAwait(false);
        }
        finally
        {
            await Fetcher.SupersedePrefixAsync(prefix).ConfigureAwait(false);
            await Storage.DeletePrefixAsync(StoreId, prefix, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Drops what is cached of a key that was written, and below its node if it is a metadata document that changed.</summary>
    private async ValueTask ForgetAsync(string key, SharedBuffer? document, Fetch? claim)
    {
        await Fetcher.SupersedeAsync(key, claim).ConfigureAwait(false);
        if (ZarrKey.IsMetadata(key))
        {
            await Fetcher.DropBelowChangedNodeAsync(key, document, claim).ConfigureAwait(false);
        }

        await Storage.DeleteAsync(StoreId, key, CancellationToken.None).ConfigureAwait(false);
    }
}
