using System.Collections.Frozen;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ZarrCache.Server;

/// <summary>The cache and the stores of an application, open from before its server listens until after it has stopped. Thread-safe.</summary>
internal sealed partial class Gateway(IServiceProvider services, IOptions<ZarrCacheOptions> options, ILogger<Gateway> logger, TimeProvider time) : IHostedService, IAsyncDisposable
{
    private readonly ILogger _logger = logger;
    private readonly List<IZarrStore> _origins = [];
    private FrozenDictionary<string, ServedStore> _stores = FrozenDictionary<string, ServedStore>.Empty;
    private FrozenDictionary<string, ServedStore>.AlternateLookup<ReadOnlySpan<char>> _byId;
    private CacheDirectory? _cache;
    private bool _isClosed;

    /// <summary>The cache.</summary>
    public CacheDirectory Cache => _cache ?? throw new InvalidOperationException("The gateway has not been started.");

    /// <summary>The stores, by id.</summary>
    public IReadOnlyDictionary<string, ServedStore> Stores => _stores;

    /// <summary>What was asked of it.</summary>
    public RequestCounter Requests { get; } = new(time);

    /// <summary>The store of an id; null if there is none.</summary>
    public ServedStore? FindStore(ReadOnlySpan<char> id) => _byId.TryGetValue(id, out ServedStore? store) ? store : null;

    /// <summary>Opens the cache and the stores; if one of them cannot be opened, none is.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        ZarrCacheOptions given = options.Value;
        given.Validate();
        try
        {
            _cache = await CacheDirectory.OpenAsync(given.Directory, given.Backends, given.Settings with { Logger = given.Settings.Logger ?? _logger }, cancellationToken);
            Dictionary<string, ServedStore> stores = new(StringComparer.Ordinal);
            foreach (GatewayStore store in given.Stores)
            {
                stores.Add(store.Id, await OpenAsync(_cache, store, cancellationToken));
            }

            _stores = stores.ToFrozenDictionary(StringComparer.Ordinal);
            _byId = _stores.GetAlternateLookup<ReadOnlySpan<char>>();
        }
        catch
        {
            await CloseAsync();
            throw;
        }
    }

    /// <summary>Closes what is open; the server has answered its last request by now.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => CloseAsync().AsTask();

    public ValueTask DisposeAsync() => CloseAsync();

    private async Task<ServedStore> OpenAsync(CacheDirectory cache, GatewayStore store, CancellationToken ct)
    {
        IZarrStore origin = store.OpenOrigin(services);
        _origins.Add(origin);
        CachedStore cached = await cache.OpenStoreAsync(origin, store.FullAddress, store.Id, store.Options with { Logger = store.Options.Logger ?? _logger }, ct);
        if (store.Quota is { } quota)
        {
            await cache.SetQuotaAsync(store.Id, quota, ct);
        }

        return new ServedStore(store.Id, store.Address, cached, origin);
    }

    private async ValueTask CloseAsync()
    {
        if (Interlocked.Exchange(ref _isClosed, true))
        {
            return;
        }

        foreach (ServedStore store in _stores.Values)
        {
            await store.Store.DisposeAsync();
        }

        if (_cache is { } cache)
        {
            await cache.DisposeAsync();
        }

        foreach (IZarrStore origin in _origins)
        {
            await origin.DisposeAsync();
        }

        LogClosed(Requests.Total);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The cache is closed, what waited is written, after {Requests} requests.")]
    private partial void LogClosed(long requests);
}
