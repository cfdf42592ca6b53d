using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ZarrCache.Server;

namespace ZarrCache.Cli.Serve;

/// <summary>The gateway as a program: Kestrel and nothing else. No file, variable or argument configures it behind the command line's back.</summary>
internal sealed class GatewayServer : IAsyncDisposable
{
    public const string DefaultUrl = "http://127.0.0.1:8470";

    /// <summary>How long answers that are under way may take when the gateway is told to end.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly WebApplication _app;

    private GatewayServer(WebApplication app) => _app = app;

    /// <summary>Where it listens, ports that were chosen included.</summary>
    public IReadOnlyList<string> Addresses { get; private set; } = [];

    /// <summary>The JSON schema of the configuration.</summary>
    public static string Schema()
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("gateway.schema.json")!);
        return reader.ReadToEnd();
    }

    /// <summary>Opens the cache and the stores, and listens.</summary>
    /// <exception cref="ArgumentException">A setting is out of range; the message names it.</exception>
    /// <exception cref="ZarrCacheException">The cache or a store cannot be opened.</exception>
    public static async Task<GatewayServer> StartAsync(ServeSettings settings, CommandContext context, CancellationToken ct)
    {
        ListenAddress[] addresses = [.. (settings.Urls.Count > 0 ? settings.Urls : [DefaultUrl]).Select(ListenAddress.Parse)];
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging
            .SetMinimumLevel(context.IsVerbose ? LogLevel.Debug : LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None) // what keeps it from starting is said in a line of ours
            .AddFilter("Microsoft", LogLevel.Warning) // what it logs of requests has their queries
            .AddProvider(new LineLoggerProvider(context.Error));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.LimitToZarrCache();
            foreach (ListenAddress address in addresses)
            {
                address.Listen(kestrel);
            }
        });
        builder.Services
            .AddRoutingCore()
            .AddSingleton<IHostLifetime, NoSignals>()
            .Configure<HostOptions>(host => host.ShutdownTimeout = Patience)
            .AddZarrCache(options => Configure(options, settings, addresses, context.Logger));
        WebApplication app = builder.Build();
        try
        {
            app.MapZarrCache();
            await app.StartAsync(ct);
            return new GatewayServer(app)
            {
                Addresses = [.. app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses],
            };
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets no request in any more, finishes those under way, writes what waits.</summary>
    public Task StopAsync() => _app.StopAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static void Configure(ZarrCacheOptions options, ServeSettings settings, ListenAddress[] addresses, ILogger logger)
    {
        options.Directory = settings.Cache ?? "";
        options.Backends = Backends.Create();
        options.Settings = new CacheDirectorySettings
        {
            MaxSize = settings.MaxSize,
            Policy = settings.Policy is { } policy ? EvictionPolicy.Parse(policy) : null,
            Index = settings.Index,
            Storage = settings.Storage,
            Logger = logger,
        };
        options.MaxConcurrentRequests = settings.MaxConcurrentRequests ?? options.MaxConcurrentRequests;
        options.ClientMaxAge = settings.ClientMaxAge ?? options.ClientMaxAge;
        options.CorsOrigins.UnionWith(settings.Cors);
        options.AllowedHosts.UnionWith(settings.AllowedHosts);
        foreach (ListenAddress address in addresses.Where(address => !address.IsLoopback))
        {
            options.AllowRemoteClients = true;
            if (address.Address is not null)
            {
                options.AllowedHosts.Add(address.Host);
            }
            else if (settings.AllowedHosts.Count == 0)
            {
                throw new ArgumentException($"At '{address.Host}' other machines reach the gateway, but by which names is not known, and it answers to no other; name them with --allowed-host, such as --allowed-host zarr.example.org, or allow any with --allowed-host '*'.");
            }
        }

        foreach (ServeStore store in settings.Stores)
        {
            options.Stores.Add(Create(store, logger));
        }
    }

    private static GatewayStore Create(ServeStore store, ILogger logger)
    {
        var options = new CachedStoreOptions { Logger = logger, Offline = store.Offline };
        (IZarrStore origin, string address) = Origins.Open(store.Origin, store.Connections, logger, store.AllowRedirectsToOtherHosts);
        return new GatewayStore(store.Id, address, _ => origin)
        {
            Options = options with
            {
                MetadataTimeToLive = store.MetadataTimeToLive ?? options.MetadataTimeToLive,
                ChunkTimeToLive = store.ChunkTimeToLive ?? options.ChunkTimeToLive,
                AbsentTimeToLive = store.AbsentTimeToLive ?? options.AbsentTimeToLive,
            },
            Quota = store.MinSize is null && store.MaxSize is null ? null : new StoreQuota(store.MinSize ?? 0, store.MaxSize ?? long.MaxValue),
        };
    }

    /// <summary>Signals are the command line's, for all commands alike.</summary>
    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
