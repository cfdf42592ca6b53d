using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using ZarrCache.Server.Http;
using ZarrCache.Server.Metrics;
using ZarrCache.Server.Page;

namespace ZarrCache.Server;

/// <summary>Puts a gateway into an ASP.NET Core application.</summary>
public static class ZarrCacheServiceCollectionExtensions
{
    /// <summary>
    /// Adds the cache and its stores. They are opened before the server listens, and closed, what waits written and the index
    /// flushed, after it has answered its last request.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Says which cache and which stores; checked when the application starts.</param>
    public static IServiceCollection AddZarrCache(this IServiceCollection services, Action<ZarrCacheOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<ZarrCacheOptions>().Configure(configure);
        services.AddCors();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<Gateway>();
        services.TryAddSingleton<GatewayHandler>();
        services.TryAddSingleton<RequestGuard>();
        services.TryAddSingleton<CrossOrigin>();
        services.TryAddSingleton<ObjectAnswer>();
        services.TryAddSingleton<ListAnswer>();
        services.TryAddSingleton<PageAnswer>();
        services.TryAddSingleton<MetricsAnswer>();
        services.TryAddSingleton<OriginLatencies>();
        services.AddHostedService(provider => provider.GetRequiredService<Gateway>());
        return services;
    }

    /// <summary>Serves the stores of <see cref="AddZarrCache"/>, the page at the root, <c>/metrics</c> and <c>/healthz</c>, below a prefix.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="prefix">Where: <c>/</c> by default, or a path such as <c>/zarr</c>.</param>
    /// <returns>The endpoint, for conventions such as <c>RequireAuthorization()</c>.</returns>
    public static IEndpointConventionBuilder MapZarrCache(this IEndpointRouteBuilder endpoints, string prefix = "/")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(prefix);
        GatewayHandler handler = endpoints.ServiceProvider.GetService<GatewayHandler>()
            ?? throw new InvalidOperationException($"There is no gateway to map; call services.{nameof(AddZarrCache)}(…) first.");
        return endpoints.Map(RoutePatternFactory.Parse(prefix.TrimEnd('/') + "/{**path}"), handler.HandleAsync).WithDisplayName("ZarrCache");
    }
}
