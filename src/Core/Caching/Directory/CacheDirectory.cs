using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ZarrCache;

/// <summary>
/// A cache that lives in one directory and says itself how it is to be opened: its manifest <c>zarr-cache.json</c> names
/// the kind of index, the storage pattern, MaxSize, the eviction policy and the origin of each store, and no secret.
/// Thread-safe; several processes may have one directory open, as far as its index allows.
/// </summary>
/// <remarks>Laid out as <c>zarr-cache.json</c>, the index's own files, and by default <c>chunks/{store_id}.zarr</c>; a new directory is its owner's alone (0700).</remarks>
public sealed class CacheDirectory : IAsyncDisposable
{
    private readonly CacheManifestFile _file;
    private readonly StoreOpener _opener;
    private volatile CacheManifest _manifest;

    private CacheDirectory(string path, CacheManifestFile file, CacheManifest manifest, EvictionPolicy policy, StoreOpener opener, IStoreIndex index, IndexedCacheStorage storage)
    {
        Path = path;
        _file = file;
        _opener = opener;
        _manifest = manifest;
        MaxSize = manifest.MaxSize;
        Policy = policy;
        Index = index;
        Storage = storage;
    }

    /// <summary>The full path.</summary>
    public string Path { get; }

    /// <summary>The kind of index, or the address of the server that keeps it, without secrets.</summary>
    public string IndexKind => _manifest.Index;

    /// <summary>The pattern of the chunk storage, as the manifest has it.</summary>
    public string StoragePattern => _manifest.Storage;

    /// <summary>The bytes on the medium that all chunks may take up together, as it was when this instance was opened.</summary>
    public long MaxSize { get; }

    /// <summary>What is given up first.</summary>
    public EvictionPolicy Policy { get; }

    /// <summary>The origins of the stores, by store id, as last read or written by this instance.</summary>
    public IReadOnlyDictionary<string, string> Stores =>
        _manifest.Stores.ToDictionary(store => store.Key, store => store.Value.Origin, StringComparer.Ordinal);

    /// <summary>The index. It belongs to this instance.</summary>
    public IStoreIndex Index { get; }

    /// <summary>The cache. It belongs to this instance.</summary>
    public IndexedCacheStorage Storage { get; }

    /// <summary>Opens the cache in a directory, or makes one there.</summary>
    /// <param name="path">The directory. One that does not exist is made; one that holds anything else is refused.</param>
    /// <param name="backends">The back ends that there are.</param>
    /// <param name="settings">What differs from the manifest or, for a new cache, from the defaults.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="ZarrCacheException">The place is no good, there is no cache, or the settings contradict the manifest; the message says what to do.</exception>
    /// <exception cref="CacheFormatException">The manifest or the index is damaged, or from a newer version.</exception>
    public static async ValueTask<CacheDirectory> OpenAsync(string path, CacheBackends backends, CacheDirectorySettings? settings = null, CancellationToken ct = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentNullException.ThrowIfNull(backends);
        settings ??= new CacheDirectorySettings();
        if (settings.MaxSize is { } maxSize)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxSize, nameof(settings.MaxSize));
        }

        string? givenIndex = settings.Index; // as it was given: with secrets, if it is an address
        settings = settings with { Index = givenIndex is null ? null : backends.NormalizeIndex(givenIndex) };
        path = CacheDirectoryPlace.Validate(path);
        var file = new CacheManifestFile(path, settings.TimeProvider ?? TimeProvider.System);
        try
        {
            // A new cache is a cache before it has an index. Of one that there is already, the settings are written down only
            // when its index took them: it refuses another policy as long as others have it open.
            CacheManifest found = await file.ReadAsync(ct).ConfigureAwait(false) ?? await CreateAsync(path, file, givenIndex, backends, settings, ct).ConfigureAwait(false);
            CacheManifest manifest = found.With(settings, file.FullPath);
            CacheDirectory cache = await OpenAsync(path, file, manifest, givenIndex ?? manifest.Index, backends, settings, ct).ConfigureAwait(false);
            try
            {
                if (!ReferenceEquals(manifest, found))
                {
                    cache._manifest = await file.UpdateAsync(current => cache.Existing(current).With(settings, file.FullPath), ct).ConfigureAwait(false);
                }

                return cache;
            }
            catch
            {
                await cache.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new ZarrCacheException($"The cache directory '{path}' cannot be used: {e.Message} Give a directory that you may read and write.", e);
        }
    }

    /// <summary>Binds a store id to the address of its origin for good: the chunks of two origins must never meet under one id. Bound to the same already, it costs nothing.</summary>
    /// <param name="storeId">The id of the store.</param>
    /// <param name="origin">Where the origin is: a URL or the path of a directory. What may be secret in it is not written down (see <see cref="OriginAddress"/>).</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="ZarrCacheException">The id is bound to another origin.</exception>
    /// <exception cref="ArgumentException">The id or the address is none.</exception>
    public async ValueTask BindStoreAsync(string storeId, string origin, CancellationToken ct = default)
    {
        ZarrKey.ValidateStoreId(storeId);
        string address = OriginAddress.Normalize(origin);
        if (_manifest.Stores.TryGetValue(storeId, out StoreBinding? bound) && bound.Origin == address)
        {
            return;
        }

        _manifest = await _file.UpdateAsync(manifest => Existing(manifest).With(storeId, address), ct).ConfigureAwait(false);
    }

    /// <summary>The quotas of the stores that have one, as last read or written by this instance.</summary>
    public IReadOnlyDictionary<string, StoreQuota> Quotas => _manifest.Quotas;

    /// <summary>
    /// Sets what a store may count on and may take: in the manifest, and for this instance at once. Other processes that have
    /// the cache open keep what they have until they open it again.
    /// </summary>
    /// <param name="storeId">The store, which must be bound.</param>
    /// <param name="quota">The quota; the default one takes it away.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="ArgumentException">It cannot be kept beside the others, or the maximum is smaller than a chunk that is cached already; the message names the value and the rule.</exception>
    /// <exception cref="ZarrCacheException">There is no such store, or the manifest cannot be written.</exception>
    public async ValueTask SetQuotaAsync(string storeId, StoreQuota quota, CancellationToken ct = default)
    {
        ZarrKey.ValidateStoreId(storeId);
        await foreach (IndexEntry largest in Index.EnumerateAsync(new IndexQuery(storeId, Order: IndexOrder.Size, Descending: true, Limit: 1), ct).ConfigureAwait(false))
        {
            if (quota.Maximum < largest.AllocatedSize)
            {
                throw new ArgumentException($"The maximum of {quota.Maximum} bytes for store '{storeId}' is below one chunk: '{largest.Key}' takes up {largest.AllocatedSize} bytes. Give at least that, better room for many chunks.", nameof(quota));
            }
        }

        _manifest = await _file.UpdateAsync(
            manifest =>
            {
                CacheManifest changed = Existing(manifest).With(storeId, store => store with { Quota = quota.IsNone ? null : quota });
                StoreQuota.Validate(changed.Quotas, changed.MaxSize);
                return changed;
            },
            ct).ConfigureAwait(false);
        Storage.Quotas = _manifest.Quotas;
    }

    /// <summary>
    /// Keeps what is below a prefix of a store, now or later, from being given up, whoever uses the cache. Written to the
    /// manifest too, so that an index that is lost and made anew has it again.
    /// </summary>
    /// <param name="storeId">The store, which must be bound.</param>
    /// <param name="prefix">Empty for the whole store, or ending in <c>/</c>.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>What is there below it already.</returns>
    /// <exception cref="ArgumentException">That is no prefix.</exception>
    /// <exception cref="ZarrCacheException">There is no such store, or manifest or index failed.</exception>
    public async ValueTask<IndexTotals> PinAsync(string storeId, string prefix, CancellationToken ct = default)
    {
        new Pin(storeId, prefix).Validate();
        await UpdatePinsAsync(storeId, pins => pins.Contains(prefix) ? pins : [.. pins.Append(prefix).Order(StringComparer.Ordinal)], ct).ConfigureAwait(false);
        return await Storage.PinAsync(storeId, prefix, ct).ConfigureAwait(false);
    }

    /// <summary>Takes a pin back.</summary>
    /// <returns>Whether there was such a pin.</returns>
    /// <inheritdoc cref="PinAsync" path="/*[not(self::summary) and not(self::returns)]"/>
    public async ValueTask<bool> UnpinAsync(string storeId, string prefix, CancellationToken ct = default)
    {
        new Pin(storeId, prefix).Validate();
        bool known = await Storage.UnpinAsync(storeId, prefix, ct).ConfigureAwait(false);
        await UpdatePinsAsync(storeId, pins => [.. pins.Where(pin => pin != prefix)], ct).ConfigureAwait(false);
        return known;
    }

    /// <summary>Opens a store of this cache in front of an origin, after <see cref="BindStoreAsync"/>.</summary>
    /// <param name="origin">The origin.</param>
    /// <param name="address">Where it is: a URL or the path of a directory. What may be secret in it is not written down.</param>
    /// <param name="storeId">The id of the store.</param>
    /// <param name="options">How to cache; null for the defaults.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="ZarrCacheException">The id is bound to another origin.</exception>
    /// <exception cref="ArgumentException">The id or the address is none.</exception>
    public async ValueTask<CachedStore> OpenStoreAsync(IZarrStore origin, string address, string storeId, CachedStoreOptions? options = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(origin);
        await BindStoreAsync(storeId, address, ct).ConfigureAwait(false);
        return new CachedStore(origin, storeId, Storage, options);
    }

    /// <summary>
    /// Whether a store could be read from its chunk storage alone, as a plain Zarr directory: a partial one reads its
    /// missing chunks as fill values. O(keys of the dataset), a look-up each; no bytes are read but those of metadata.
    /// </summary>
    /// <param name="storeId">The store.</param>
    /// <param name="missing">Told of each key that is neither cached nor known to be absent; null if only the sums are wanted.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="Metadata.ZarrMetadataException">The metadata are not cached, so that nothing can be said.</exception>
    public async Task<CompletenessReport> CheckCompleteAsync(string storeId, Action<string>? missing = null, CancellationToken ct = default)
    {
        IChunkStore chunks = _opener.Open(storeId);
        await using (chunks.ConfigureAwait(false))
        {
            WarmPlan plan = await WarmPlan.CreateAsync(chunks, new WarmScope(), ct).ConfigureAwait(false);
            var report = new CompletenessReport();
            foreach (string key in plan.Keys)
            {
                IndexEntry? entry = await Index.FindAsync(new EntryKey(storeId, key), ct).ConfigureAwait(false);
                if (entry is null)
                {
                    missing?.Invoke(key);
                }

                report = report.Add(entry?.Kind);
            }

            return report;
        }
    }

    /// <summary>Removes a store: what is cached of it, and its binding. No other process may have the store open: what it goes on caching would be taken for that of the id's next origin.</summary>
    /// <returns>What was removed.</returns>
    /// <exception cref="ZarrCacheException">Some may still be there, and so is the binding.</exception>
    public async ValueTask<IndexTotals> ForgetStoreAsync(string storeId, CancellationToken ct = default)
    {
        ZarrKey.ValidateStoreId(storeId);
        IndexTotals removed = await Storage.DeletePrefixAsync(storeId, "", ct).ConfigureAwait(false);
        foreach (Pin pin in (await Storage.ListPinsAsync(ct).ConfigureAwait(false)).Where(pin => pin.StoreId == storeId))
        {
            await Storage.UnpinAsync(storeId, pin.Prefix, ct).ConfigureAwait(false);
        }

        _manifest = await _file.UpdateAsync(manifest => Existing(manifest).Without(storeId), ct).ConfigureAwait(false);
        Storage.Quotas = _manifest.Quotas;
        return removed;
    }

    /// <summary>Writes what is waiting, then closes the storage and the index.</summary>
    public async ValueTask DisposeAsync()
    {
        await Storage.DisposeAsync().ConfigureAwait(false);
        await Index.DisposeAsync().ConfigureAwait(false);
    }

    private CacheManifest Existing(CacheManifest? manifest) =>
        manifest ?? throw new ZarrCacheException($"The cache manifest '{_file.FullPath}' has gone while the cache was open; open the cache again to make a new one.");

    private static async ValueTask<CacheManifest> CreateAsync(string path, CacheManifestFile file, string? givenIndex, CacheBackends backends, CacheDirectorySettings settings, CancellationToken ct)
    {
        var manifest = new CacheManifest
        {
            Index = settings.Index ?? CacheDirectorySettings.DefaultIndex,
            Storage = settings.Storage ?? CacheDirectorySettings.DefaultStorage,
            MaxSize = settings.MaxSize ?? CacheDirectorySettings.DefaultMaxSize,
            Policy = (settings.Policy ?? EvictionPolicy.Lru).Name,
        };
        backends.Validate(manifest.Index, manifest.Storage);
        CacheDirectoryPlace.Prepare(path, settings.MustExist);

        // Before the manifest names them: whoever mistypes a storage or a server tries again with the same directory.
        var context = new CacheBackendContext(path, settings.Policy ?? EvictionPolicy.Lru, settings.TimeProvider ?? TimeProvider.System, settings.Logger ?? NullLogger.Instance);
        await backends.OpenStorage(manifest.Storage, context).CheckAsync(ct).ConfigureAwait(false);
        if (givenIndex is not null && backends.IsServer(givenIndex))
        {
            await (await backends.OpenIndexAsync(givenIndex, context, ct).ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }

        return await file.UpdateAsync(madeMeanwhile => madeMeanwhile ?? manifest, ct).ConfigureAwait(false);
    }

    private static async ValueTask<CacheDirectory> OpenAsync(string path, CacheManifestFile file, CacheManifest manifest, string indexAddress, CacheBackends backends, CacheDirectorySettings settings, CancellationToken ct)
    {
        TimeProvider time = settings.TimeProvider ?? TimeProvider.System;
        ILogger logger = settings.Logger ?? NullLogger.Instance;
        EvictionPolicy policy = ParsePolicy(file, manifest);
        var context = new CacheBackendContext(path, policy, time, logger, settings.LookOnly);
        StoreOpener opener = backends.OpenStorage(manifest.Storage, context);
        IStoreIndex index = await backends.OpenIndexAsync(indexAddress, context, ct).ConfigureAwait(false);
        try
        {
            if (!settings.LookOnly)
            {
                await RestorePinsAsync(index, manifest, ct).ConfigureAwait(false);
            }

            var options = new IndexedCacheStorageOptions { MaxSize = manifest.MaxSize, Name = path, TimeProvider = time, Logger = logger };
            options = settings.ConfigureStorage?.Invoke(options) ?? options;
            var storage = new IndexedCacheStorage(index, opener, options with { MaxSize = manifest.MaxSize, Quotas = manifest.Quotas });
            return new CacheDirectory(path, file, manifest, policy, opener, index, storage);
        }
        catch
        {
            await index.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async ValueTask UpdatePinsAsync(string storeId, Func<IReadOnlyList<string>, IReadOnlyList<string>> change, CancellationToken ct) =>
        _manifest = await _file.UpdateAsync(
            manifest => Existing(manifest).With(storeId, store => change(store.Pins ?? []) is { Count: > 0 } pins ? store with { Pins = pins } : store with { Pins = null }),
            ct).ConfigureAwait(false);

    /// <summary>Pins that the index does not have: it was lost and is made anew.</summary>
    private static async ValueTask RestorePinsAsync(IStoreIndex index, CacheManifest manifest, CancellationToken ct)
    {
        IReadOnlyList<Pin> known = await index.ListPinsAsync(ct).ConfigureAwait(false);
        foreach (Pin pin in manifest.Stores.SelectMany(store => store.Value.Pins ?? [], (store, prefix) => new Pin(store.Key, prefix)).Except(known))
        {
            await index.PinAsync(pin, ct).ConfigureAwait(false);
        }
    }

    private static EvictionPolicy ParsePolicy(CacheManifestFile file, CacheManifest manifest)
    {
        try
        {
            return EvictionPolicy.Parse(manifest.Policy);
        }
        catch (ArgumentException e)
        {
            throw new CacheFormatException($"The cache manifest '{file.FullPath}' asks for what this version does not have. {e.Message}", e);
        }
    }
}
