using System.Net;
using System.Net.Http.Headers;
using Xunit;
using ZarrCache.Conformance.Http;

namespace ZarrCache.Core.Tests.Http;

/// <summary>The server that other tests rest on.</summary>
public sealed class LoopbackServerTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_are_served_whole_in_part_and_by_condition()
    {
        await using LoopbackServer server = await LoopbackServer.StartAsync(Samples.V2, Ct);
        using var http = new HttpClient { BaseAddress = server.BaseAddress };
        byte[] file = await File.ReadAllBytesAsync(Path.Combine(Samples.V2, "u/0.0.0.0"), Ct);

        using HttpResponseMessage whole = await http.GetAsync("u/0.0.0.0", Ct);
        Assert.Equal(file, await whole.Content.ReadAsByteArrayAsync(Ct));

        using var suffix = new HttpRequestMessage(HttpMethod.Get, "u/0.0.0.0") { Headers = { Range = new RangeHeaderValue(null, 10) } };
        using HttpResponseMessage part = await http.SendAsync(suffix, Ct);
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(file[^10..], await part.Content.ReadAsByteArrayAsync(Ct));
        Assert.Equal(file.Length, part.Content.Headers.ContentRange!.Length);

        using var unchanged = new HttpRequestMessage(HttpMethod.Get, "u/0.0.0.0") { Headers = { IfNoneMatch = { whole.Headers.ETag! } } };
        Assert.Equal(HttpStatusCode.NotModified, (await http.SendAsync(unchanged, Ct)).StatusCode);
        using var other = new HttpRequestMessage(HttpMethod.Get, "u/0.0.0.0") { Headers = { IfMatch = { new EntityTagHeaderValue("\"x\"") } } };
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await http.SendAsync(other, Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("u/9.9.9.9", Ct)).StatusCode);

        Assert.Equal(5, server.Requests);
        Assert.Equal(4, server.RequestsFor("u/0.0.0.0"));
        Assert.Equal("GET u/0.0.0.0 bytes=-10", server.Log.ElementAt(1));
        Assert.Equal(file.Length + 10, server.BytesSent);
    }

    [Fact]
    public async Task A_test_can_step_in()
    {
        await using LoopbackServer server = await LoopbackServer.StartAsync(Samples.V2, Ct);
        server.Intercept = (context, answer) =>
        {
            if (server.Requests > 1)
            {
                return answer(context);
            }

            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        };
        using var http = new HttpClient { BaseAddress = server.BaseAddress };
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync(".zgroup", Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(".zgroup", Ct)).StatusCode);
    }
}
