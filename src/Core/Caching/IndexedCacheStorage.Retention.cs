namespace ZarrCache;

/// <content>What may be given up for what comes: the quotas of stores, and what is pinned.</content>
public sealed partial class IndexedCacheStorage
{
    /// <summary>What single stores may count on and may take, by store id. It may be changed at any time; what a store has beyond a new maximum goes when it writes next.</summary>
    /// <exception cref="ArgumentException">The quotas cannot be kept; the message names store, value and rule.</exception>
    public IReadOnlyDictionary<string, StoreQuota> Quotas
    {
        get => _writer.Room.Quotas;
        set
        {
            StoreQuota.Validate(value, MaxSize);
            _writer.Room.Quotas = new Dictionary<string, StoreQuota>(value, StringComparer.Ordinal);
        }
    }

    /// <summary>Keeps what is below a prefix, now or later, from being given up; see <see cref="IStoreIndex.PinAsync"/>.</summary>
    /// <exception cref="ZarrCacheException">The index failed.</exception>
    public ValueTask<IndexTotals> PinAsync(string storeId, string prefix, CancellationToken ct) => _index.PinAsync(new Pin(storeId, prefix), ct);

    /// <summary>Takes a pin back; false if there is none.</summary>
    /// <exception cref="ZarrCacheException">The index failed.</exception>
    public ValueTask<bool> UnpinAsync(string storeId, string prefix, CancellationToken ct) => _index.UnpinAsync(new Pin(storeId, prefix), ct);

    /// <summary>What is pinned, by store, then prefix.</summary>
    /// <exception cref="ZarrCacheException">The index failed.</exception>
    public ValueTask<IReadOnlyList<Pin>> ListPinsAsync(CancellationToken ct) => _index.ListPinsAsync(ct);
}
