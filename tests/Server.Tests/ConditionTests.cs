using System.Globalization;
using System.Net;
using Xunit;

namespace ZarrCache.Server.Tests;

/// <summary>Conditions of RFC 9110, section 13, on a cached object of 1000 bytes.</summary>
public sealed class ConditionTests
{
    [Theory]
    [InlineData("{tag}", HttpStatusCode.NotModified)]
    [InlineData("W/{tag}", HttpStatusCode.NotModified)]
    [InlineData("\"other\", {tag}", HttpStatusCode.NotModified)]
    [InlineData("*", HttpStatusCode.NotModified)]
    [InlineData("\"other\"", HttpStatusCode.OK)]
    [InlineData("nonsense", HttpStatusCode.OK)]
    public Task If_None_Match(string value, HttpStatusCode status) => CheckAsync(status, ("If-None-Match", value));

    [Theory]
    [InlineData("{tag}", HttpStatusCode.OK)]
    [InlineData("\"other\", {tag}", HttpStatusCode.OK)]
    [InlineData("*", HttpStatusCode.OK)]
    [InlineData("W/{tag}", HttpStatusCode.PreconditionFailed)]
    [InlineData("\"other\"", HttpStatusCode.PreconditionFailed)]
    public Task If_Match(string value, HttpStatusCode status) => CheckAsync(status, ("If-Match", value));

    [Theory]
    [InlineData("{date}", HttpStatusCode.NotModified)]
    [InlineData("{later}", HttpStatusCode.NotModified)]
    [InlineData("{earlier}", HttpStatusCode.OK)]
    [InlineData("yesterday", HttpStatusCode.OK)]
    public Task If_Modified_Since(string value, HttpStatusCode status) => CheckAsync(status, ("If-Modified-Since", value));

    [Theory]
    [InlineData("{date}", HttpStatusCode.OK)]
    [InlineData("{earlier}", HttpStatusCode.PreconditionFailed)]
    public Task If_Unmodified_Since(string value, HttpStatusCode status) => CheckAsync(status, ("If-Unmodified-Since", value));

    [Theory]
    [InlineData("{tag}", HttpStatusCode.PartialContent)]
    [InlineData("{date}", HttpStatusCode.PartialContent)]
    [InlineData("W/{tag}", HttpStatusCode.OK)]
    [InlineData("\"other\"", HttpStatusCode.OK)]
    [InlineData("{earlier}", HttpStatusCode.OK)]
    [InlineData("{later}", HttpStatusCode.OK)]
    public Task If_Range(string value, HttpStatusCode status) => CheckAsync(status, ("If-Range", value), ("Range", "bytes=10-19"));

    [Theory]
    [InlineData("{tag}", HttpStatusCode.RequestedRangeNotSatisfiable)]
    [InlineData("\"other\"", HttpStatusCode.OK)]
    public Task A_range_that_If_Range_does_not_allow_is_not_looked_at(string value, HttpStatusCode status) => CheckAsync(status, ("If-Range", value), ("Range", "bytes=1000-"));

    [Fact]
    public Task If_None_Match_goes_before_If_Modified_Since() => CheckAsync(HttpStatusCode.OK, ("If-None-Match", "\"other\""), ("If-Modified-Since", "{later}"));

    [Fact]
    public Task If_Match_goes_before_If_None_Match() => CheckAsync(HttpStatusCode.PreconditionFailed, ("If-Match", "\"other\""), ("If-None-Match", "{tag}"));

    [Fact]
    public Task A_condition_goes_before_a_range() => CheckAsync(HttpStatusCode.NotModified, ("If-None-Match", "{tag}"), ("Range", "bytes=10-19"));

    [Fact]
    public Task A_condition_goes_before_a_range_that_cannot_be() => CheckAsync(HttpStatusCode.NotModified, ("If-None-Match", "{tag}"), ("Range", "bytes=5000-"));

    [Fact]
    public async Task An_origin_without_tags_has_them_made_of_time_and_size()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        gateway.Origin.Intercept = async (context, answer) =>
        {
            context.Response.OnStarting(() =>
            {
                context.Response.Headers.ETag = default;
                return Task.CompletedTask;
            });
            await answer(context);
        };
        await gateway.WarmAsync("k", 100);
        using HttpResponseMessage response = await gateway.GetAsync("/s/k").WithStatusAsync(HttpStatusCode.OK);
        string tag = response.Header("ETag")!;
        Assert.Matches("^\"[0-9a-f]+-64\"$", tag);
        using HttpResponseMessage again = await gateway.GetAsync("/s/k", ("If-None-Match", tag)).WithStatusAsync(HttpStatusCode.NotModified);
        Assert.Equal(tag, again.Header("ETag"));
    }

    private static async Task CheckAsync(HttpStatusCode status, params (string Name, string Value)[] conditions)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        byte[] value = await gateway.WarmAsync("k", 1000);
        using HttpResponseMessage plain = await gateway.GetAsync("/s/k");
        string tag = plain.Header("ETag")!;
        DateTimeOffset date = plain.Content.Headers.LastModified!.Value;
        string Fill(string text) => text
            .Replace("{tag}", tag, StringComparison.Ordinal)
            .Replace("{date}", Http(date), StringComparison.Ordinal)
            .Replace("{later}", Http(date.AddSeconds(1)), StringComparison.Ordinal)
            .Replace("{earlier}", Http(date.AddSeconds(-1)), StringComparison.Ordinal);

        foreach (HttpMethod method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Head])
        {
            bool isRanged = conditions.Any(condition => condition.Name == "Range");
            HttpStatusCode expected = method == HttpMethod.Head && status is HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable && isRanged && method == HttpMethod.Head ? HttpStatusCode.OK : status;
            using HttpResponseMessage response = await gateway.SendAsync(method, "/s/k", [.. conditions.Select(condition => (condition.Name, Fill(condition.Value)))]).WithStatusAsync(expected);
            byte[] body = await response.BytesAsync();
            if (method == HttpMethod.Get && expected == HttpStatusCode.OK)
            {
                Assert.Equal(value, body);
            }
            else if (method == HttpMethod.Get && expected == HttpStatusCode.PartialContent)
            {
                Assert.Equal(value.AsSpan(10, 10).ToArray(), body);
            }
            else if (expected == HttpStatusCode.NotModified)
            {
                Assert.Empty(body);
                Assert.Equal(tag, response.Header("ETag"));
                Assert.Equal("no-cache", response.Header("Cache-Control"));
            }
        }

        Assert.Equal(1, gateway.Origin.Requests);
    }

    private static string Http(DateTimeOffset date) => date.ToString("R", CultureInfo.InvariantCulture);
}
