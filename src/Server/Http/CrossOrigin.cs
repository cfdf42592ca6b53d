using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace ZarrCache.Server.Http;

/// <summary>Which pages of other sites may read what is served, as the CORS of ASP.NET Core decides it.</summary>
internal sealed class CrossOrigin
{
    private const string PrivateNetworkRequest = "Access-Control-Request-Private-Network";
    private const string PrivateNetworkAnswer = "Access-Control-Allow-Private-Network";

    private readonly ICorsService _cors;
    private readonly CorsPolicy? _policy;

    public CrossOrigin(ICorsService cors, IOptions<ZarrCacheOptions> options)
    {
        _cors = cors;
        ISet<string> origins = options.Value.CorsOrigins;
        if (origins.Count > 0)
        {
            var policy = new CorsPolicyBuilder()
                .WithMethods(HttpMethods.Get, HttpMethods.Head)
                .AllowAnyHeader()
                .WithExposedHeaders("Accept-Ranges", "Cache-Status", "Content-Length", "Content-Range", "ETag", "Last-Modified")
                .SetPreflightMaxAge(TimeSpan.FromHours(1));
            _policy = (origins.Contains("*") ? policy.AllowAnyOrigin() : policy.WithOrigins([.. origins])).Build();
        }
    }

    /// <summary>Whether any page may.</summary>
    public bool IsOn => _policy is not null;

    /// <summary>Adds to the answer what the page's browser wants to know.</summary>
    /// <returns>Whether the request was the question of a browser, which is answered by that.</returns>
    public bool Answer(HttpContext context)
    {
        if (_policy is null)
        {
            return false;
        }

        CorsResult result = _cors.EvaluatePolicy(context, _policy);
        _cors.ApplyResult(result, context.Response);
        if (!result.IsPreflightRequest)
        {
            return false;
        }

        if (result.IsOriginAllowed && context.Request.Headers[PrivateNetworkRequest] == "true")
        {
            context.Response.Headers[PrivateNetworkAnswer] = "true";
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return true;
    }
}
