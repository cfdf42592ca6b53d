using System.Net;
using Xunit;

namespace ZarrCache.Server.Tests;

/// <summary>GET and HEAD of a key, and its ranges, from the origin and from the cache.</summary>
public sealed class ObjectTests
{
    [Fact]
    public async Task An_object_is_fetched_once_and_served_with_what_clients_need_to_know()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        byte[] value = await gateway.GiveAsync("u/c/0/1", 100_000);

        using HttpResponseMessage first = await gateway.GetAsync("/s/u/c/0/1").WithStatusAsync(HttpStatusCode.OK);
        Assert.Equal(value, await first.BytesAsync());
        Assert.Equal("ZarrCache; fwd=miss", first.Header("Cache-Status"));
        await gateway.Cache.Storage.FlushAsync(TestGateway.Ct);

        using HttpResponseMessage second = await gateway.GetAsync("/s/u/c/0/1").WithStatusAsync(HttpStatusCode.OK);
        Assert.Equal(value, await second.BytesAsync());
        Assert.Equal("ZarrCache; hit", second.Header("Cache-Status"));
        Assert.Equal("100000", second.Header("Content-Length"));
        Assert.Equal("application/octet-stream", second.Header("Content-Type"));
        Assert.Equal("bytes", second.Header("Accept-Ranges"));
        Assert.Equal("no-cache", second.Header("Cache-Control"));
        Assert.Equal("nosniff", second.Header("X-Content-Type-Options"));
        Assert.Equal(first.Header("ETag"), second.Header("ETag"));
        Assert.StartsWith("\"", second.Header("ETag"), StringComparison.Ordinal);
        Assert.NotNull(second.Header("Last-Modified"));
        Assert.Null(second.Header("Content-Range"));
        Assert.Null(second.Header("Access-Control-Allow-Origin"));
        Assert.Equal(1, gateway.Origin.Requests);
    }

    [Theory]
    [InlineData("zarr.json")]
    [InlineData("u/.zarray")]
    [InlineData(".zmetadata")]
    public async Task Metadata_documents_are_JSON(string key)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await gateway.Objects.SetAsync(key, "{}"u8.ToArray(), TestGateway.Ct);
        using HttpResponseMessage response = await gateway.GetAsync("/s/" + key).WithStatusAsync(HttpStatusCode.OK);
        Assert.Equal("application/json", response.Header("Content-Type"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task HEAD_says_what_GET_would_and_heeds_no_range(bool isCached)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await (isCached ? gateway.WarmAsync("k", 5000) : gateway.GiveAsync("k", 5000));
        using HttpResponseMessage head = await gateway.SendAsync(HttpMethod.Head, "/s/k", ("Range", "bytes=0-9")).WithStatusAsync(HttpStatusCode.OK);
        Assert.Equal("5000", head.Header("Content-Length"));
        Assert.Empty(await head.BytesAsync());
        using HttpResponseMessage get = await gateway.GetAsync("/s/k").WithStatusAsync(HttpStatusCode.OK);
        Assert.Equal(get.Header("ETag"), head.Header("ETag"));
        Assert.Equal(get.Header("Accept-Ranges"), head.Header("Accept-Ranges"));
        using HttpResponseMessage absent = await gateway.SendAsync(HttpMethod.Head, "/s/none").WithStatusAsync(HttpStatusCode.NotFound);
        Assert.Empty(await absent.BytesAsync());
    }

    [Theory]
    [InlineData("bytes=0-9", 0, 10)]
    [InlineData("bytes=0-0", 0, 1)]
    [InlineData("bytes=990-", 990, 10)]
    [InlineData("bytes=0-", 0, 1000)]
    [InlineData("bytes=-10", 990, 10)]
    [InlineData("bytes=-5000", 0, 1000)]
    [InlineData("bytes=900-5000", 900, 100)]
    [InlineData("bytes=999-999", 999, 1)]
    [InlineData("BYTES=5-6", 5, 2)]
    [InlineData("bytes=10-99999999999999999999999", 10, 990)]
    [InlineData("bytes=-99999999999999999999999", 0, 1000)]
    public async Task A_range_is_answered_exactly(string range, int offset, int length)
    {
        foreach (bool isCached in (bool[])[false, true])
        {
            await using TestGateway gateway = await TestGateway.StartAsync();
            byte[] value = await (isCached ? gateway.WarmAsync("k", 1000) : gateway.GiveAsync("k", 1000));
            using HttpResponseMessage response = await gateway.GetAsync("/s/k", ("Range", range)).WithStatusAsync(HttpStatusCode.PartialContent);
            Assert.Equal($"bytes {offset}-{offset + length - 1}/1000", response.Header("Content-Range"));
            Assert.Equal($"{length}", response.Header("Content-Length"));
            Assert.Equal(value.AsSpan(offset, length).ToArray(), await response.BytesAsync());
        }
    }

    [Theory]
    [InlineData("bytes=1000-")]
    [InlineData("bytes=1000-2000")]
    [InlineData("bytes=-0")]
    [InlineData("bytes=99999999999999999999999-")]
    public async Task A_range_without_a_byte_is_416_with_the_size(string range)
    {
        foreach (bool isCached in (bool[])[false, true])
        {
            await using TestGateway gateway = await TestGateway.StartAsync();
            await (isCached ? gateway.WarmAsync("k", 1000) : gateway.GiveAsync("k", 1000));
            using HttpResponseMessage response = await gateway.GetAsync("/s/k", ("Range", range)).WithStatusAsync(HttpStatusCode.RequestedRangeNotSatisfiable);
            Assert.Equal("bytes */1000", response.Header("Content-Range"));
        }
    }

    [Theory]
    [InlineData("bytes=9-0")]
    [InlineData("bytes=a-b")]
    [InlineData("bytes=")]
    [InlineData("bytes=-")]
    [InlineData("bytes=1")]
    [InlineData("bytes=+1-2")]
    [InlineData("items=0-9")]
    [InlineData("bytes=0-1,5-6")]
    public async Task What_is_no_single_range_is_ignored_as_the_RFC_allows(string range)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        byte[] value = await gateway.WarmAsync("k", 1000);
        using HttpResponseMessage response = await gateway.GetAsync("/s/k", ("Range", range)).WithStatusAsync(HttpStatusCode.OK);
        Assert.Equal(value, await response.BytesAsync());
        Assert.Null(response.Header("Content-Range"));
    }

    [Fact]
    public async Task An_empty_object_has_no_range_but_a_suffix_of_it_is_all_of_it()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await gateway.GiveAsync("k", 0);
        for (int pass = 0; pass < 2; pass++)
        {
            using HttpResponseMessage whole = await gateway.GetAsync("/s/k").WithStatusAsync(HttpStatusCode.OK);
            Assert.Equal("0", whole.Header("Content-Length"));
            using HttpResponseMessage from = await gateway.GetAsync("/s/k", ("Range", "bytes=0-")).WithStatusAsync(HttpStatusCode.RequestedRangeNotSatisfiable);
            Assert.Equal("bytes */0", from.Header("Content-Range"));
            using HttpResponseMessage suffix = await gateway.GetAsync("/s/k", ("Range", "bytes=-5")).WithStatusAsync(HttpStatusCode.OK);
            Assert.Empty(await suffix.BytesAsync());
            await gateway.Cache.Storage.FlushAsync(TestGateway.Ct);
        }
    }

    [Fact]
    public async Task What_is_absent_is_404_and_remembered()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using HttpResponseMessage first = await gateway.GetAsync("/s/u/0.0").WithStatusAsync(HttpStatusCode.NotFound);
        await gateway.Cache.Storage.FlushAsync(TestGateway.Ct);
        using HttpResponseMessage second = await gateway.GetAsync("/s/u/0.0", ("If-Match", "\"x\""), ("Range", "bytes=0-1")).WithStatusAsync(HttpStatusCode.NotFound);
        Assert.Equal("ZarrCache; hit", second.Header("Cache-Status"));
        Assert.Equal(1, gateway.Origin.Requests);
    }

    [Theory]
    [InlineData("a b/ü%/0.0")]
    [InlineData("日本/c/0")]
    [InlineData("a+b=c;d,e@f:g!$&'()*/~x")]
    public async Task Keys_are_Unicode(string key)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        byte[] value = await gateway.GiveAsync(key, 10);
        string path = "/s/" + string.Join('/', key.Split('/').Select(Uri.EscapeDataString));
        Assert.Equal(value, await (await gateway.GetAsync(path).WithStatusAsync(HttpStatusCode.OK)).BytesAsync());
    }

    [Fact]
    public async Task A_large_object_is_served_by_parts()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(url => new GatewayStore("s", url, TestGateway.Impatient)
        {
            Options = new CachedStoreOptions { MaxWholeObject = 1 << 20, MaxPart = 1 << 20 },
        });
        byte[] value = await gateway.GiveAsync("k", 5_000_000);
        for (int pass = 0; pass < 2; pass++)
        {
            Assert.Equal(value, await (await gateway.GetAsync("/s/k").WithStatusAsync(HttpStatusCode.OK)).BytesAsync());
            await gateway.Cache.Storage.FlushAsync(TestGateway.Ct);
        }

        using HttpResponseMessage part = await gateway.GetAsync("/s/k", ("Range", "bytes=900000-2500000")).WithStatusAsync(HttpStatusCode.PartialContent);
        Assert.Equal(value.AsSpan(900_000, 1_600_001).ToArray(), await part.BytesAsync());
        Assert.Equal("ZarrCache; hit", part.Header("Cache-Status"));
        Assert.Equal(5, gateway.Origin.Requests);
    }

    [Fact]
    public async Task Clients_may_be_told_to_keep_what_they_got()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(configure: options => options.ClientMaxAge = TimeSpan.FromMinutes(5));
        await gateway.WarmAsync("k", 10);
        using HttpResponseMessage response = await gateway.GetAsync("/s/k");
        Assert.Equal("max-age=300", response.Header("Cache-Control"));
    }
}
