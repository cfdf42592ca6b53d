using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace ZarrCache.Server.Tests;

/// <summary>Options that cannot be, and what is said of them.</summary>
public sealed class OptionsTests
{
    [Fact]
    public void Good_options_pass() => Good().Validate();

    [Fact]
    public void A_directory_is_needed() => Refused(options => options.Directory = " ", "no directory is given");

    [Fact]
    public void A_store_is_needed() => Refused(options => options.Stores.Clear(), "there is no store");

    [Fact]
    public void Two_stores_of_one_id_are_refused() => Refused(options => options.Stores.Add(options.Stores[0]), "two stores have one id");

    [Fact]
    public void A_host_is_needed() => Refused(options => options.AllowedHosts.Clear(), "no host is allowed");

    [Theory]
    [InlineData(0)]
    [InlineData(1_000_001)]
    public void The_requests_at_once_have_a_range(int value) => Refused(options => options.MaxConcurrentRequests = value, $"it is {value}; it must be from 1 to 1000000");

    [Fact]
    public void A_negative_age_is_refused() => Refused(options => options.ClientMaxAge = TimeSpan.FromSeconds(-1), "it is -00:00:01; it must be from zero to a year");

    [Theory]
    [InlineData("viewer.example.org")]
    [InlineData("https://viewer.example.org/")]
    [InlineData("https://viewer.example.org/path")]
    public void A_CORS_origin_is_scheme_and_host(string origin) => Refused(options => options.CorsOrigins.Add(origin), $"'{origin}' is no origin");

    [Theory]
    [InlineData("metrics", "is a path of the gateway's own")]
    [InlineData("HealthZ", "is a path of the gateway's own")]
    [InlineData("-", "is a path of the gateway's own")]
    [InlineData("a/b", "has one of")]
    [InlineData("a%b", "has one of")]
    [InlineData("", "is empty")]
    [InlineData("..", "'.' or '..'")]
    public void A_store_id_is_one_plain_segment(string id, string message) =>
        Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(() => new GatewayStore(id, new Uri("http://localhost/"))).Message);

    [Fact]
    public void Mapping_without_adding_is_an_error_that_says_what_to_do()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        WebApplication app = builder.Build();
        Assert.Contains("AddZarrCache", Assert.Throws<InvalidOperationException>(() => app.MapZarrCache()).Message);
    }

    private static ZarrCacheOptions Good()
    {
        var options = new ZarrCacheOptions { Directory = "cache" };
        options.Stores.Add(new GatewayStore("s", new Uri("http://localhost/")));
        options.CorsOrigins.Add("https://viewer.example.org:8443");
        return options;
    }

    private static void Refused(Action<ZarrCacheOptions> change, string message)
    {
        ZarrCacheOptions options = Good();
        change(options);
        Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(options.Validate).Message);
    }
}
