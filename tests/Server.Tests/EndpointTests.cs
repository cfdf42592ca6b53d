using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace ZarrCache.Server.Tests;

/// <summary>What there is beside objects: lists, the page and its questions, metrics, health, CORS; and other places to be mapped to.</summary>
public sealed class EndpointTests
{
    private const string Array = """{"zarr_format":2,"shape":[4,6],"chunks":[2,2],"dtype":"<i4","compressor":null,"fill_value":0,"order":"C","filters":null}""";

    private const string Consolidated = "{\"zarr_consolidated_format\":1,\"metadata\":{\".zgroup\":{\"zarr_format\":2},\"u/.zarray\":" + Array + "}}";

    [Fact]
    public async Task Keys_are_listed_by_an_origin_that_can()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(_ => new GatewayStore("s", "memory://s", services => Listed()));
        JsonNode all = await JsonAsync(gateway, "/s/?list");
        Assert.True((bool)all["exact"]!);
        Assert.Equal(["u/.zarray", "u/0.0", "v/0"], Keys(all));
        Assert.Equal(["u/.zarray", "u/0.0"], Keys(await JsonAsync(gateway, "/s/?list&prefix=u/")));
        Assert.Empty(Keys(await JsonAsync(gateway, "/s/?list=cached")));
        await gateway.GetAsync("/s/v/0").WithStatusAsync(HttpStatusCode.OK);
        await gateway.Cache.Storage.FlushAsync(TestGateway.Ct);
        Assert.Equal(["v/0"], Keys(await JsonAsync(gateway, "/s/?list=cached")));
        using HttpResponseMessage bad = await gateway.GetAsync("/s/?list&prefix=u").WithStatusAsync(HttpStatusCode.BadRequest);
        Assert.Contains("does not end in '/'", await bad.TextAsync());
        await gateway.GetAsync("/s/?list=all").WithStatusAsync(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Keys_of_an_origin_that_cannot_list_are_those_that_the_metadata_allow()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await gateway.Objects.SetAsync(".zmetadata", System.Text.Encoding.UTF8.GetBytes(Consolidated), TestGateway.Ct);
        JsonNode all = await JsonAsync(gateway, "/s/?list");
        Assert.False((bool)all["exact"]!);
        Assert.Contains("u/1.2", Keys(all));
        Assert.Equal(6, Keys(all).Count(key => key.StartsWith("u/", StringComparison.Ordinal) && !key.Contains('z')));
    }

    [Fact]
    public async Task A_list_that_cannot_be_had_is_no_empty_list()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await gateway.GetAsync("/s/?list").WithStatusAsync(HttpStatusCode.NotImplemented); // no dataset there
        await using TestGateway alone = await TestGateway.StartAsync();
        await alone.Origin.DisposeAsync();
        await alone.GetAsync("/s/?list").WithStatusAsync(HttpStatusCode.BadGateway);
    }

    [Fact]
    public async Task A_store_that_is_not_served_is_not_404_which_would_read_as_fill_values()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using HttpResponseMessage response = await gateway.GetAsync("/other/u/0.0").WithStatusAsync(HttpStatusCode.MisdirectedRequest);
        Assert.Contains("there is no store 'other' here; there is s", await response.TextAsync());
    }

    [Theory]
    [InlineData("/s")]
    [InlineData("/s/")]
    [InlineData("/s/u/")]
    public async Task A_directory_is_no_key(string path)
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await gateway.GetAsync(path).WithStatusAsync(HttpStatusCode.NotFound);
        Assert.Equal(0, gateway.Origin.Requests);
    }

    [Fact]
    public async Task Status_and_metrics_count_what_happened()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await gateway.WarmAsync("k", 1000);
        await (await gateway.GetAsync("/s/k")).BytesAsync();
        await gateway.GetAsync("/s/absent").WithStatusAsync(HttpStatusCode.NotFound);
        await gateway.Cache.Storage.FlushAsync(TestGateway.Ct);

        JsonNode store = (await JsonAsync(gateway, "/-/status"))["stores"]![0]!;
        Assert.Equal((1, 2, 2), ((int)store["hits"]!, (int)store["misses"]!, (int)store["originRequests"]!));
        Assert.True((double)store["latency"]!["p95"]! > 0);
        Assert.Equal(gateway.Origin.BaseAddress.ToString().TrimEnd('/'), (string)store["origin"]!);

        using HttpResponseMessage response = await gateway.GetAsync("/metrics").WithStatusAsync(HttpStatusCode.OK);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Header("Content-Type"));
        string[] lines = (await response.TextAsync()).Split('\n');
        Assert.Contains("# TYPE zarrcache_reads_total counter", lines);
        Assert.Contains("# TYPE zarrcache_origin_latency_seconds histogram", lines);

        string label = $"{{cache=\"{gateway.CacheDirectory}\"}}"; // other tests have their caches open in this process
        Assert.Contains($"zarrcache_cache_limit_bytes{label} 53687091200", lines);
        Assert.Contains($"zarrcache_cache_entries{label} 2", lines);
        Assert.Contains($"zarrcache_cache_written_total{label} 2", lines);
        Assert.Contains("zarrcache_gateway_active_requests 1", lines);

        // Every line is one of the format's, and every metric is declared before its first value.
        HashSet<string> declared = [];
        foreach (string line in lines[..^1])
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                Assert.True(declared.Add(line.Split(' ')[2]), line);
            }
            else if (!line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                Assert.Matches("^[a-z_]+(\\{([a-z_]+=\"[^\"]*\",?)+\\})? [0-9.eE+-]+$", line);
                Assert.Contains(declared, name => line.StartsWith(name, StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public async Task Health_is_a_line()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        Assert.Equal("ok\n", await (await gateway.GetAsync("/healthz").WithStatusAsync(HttpStatusCode.OK)).TextAsync());
    }

    [Fact]
    public async Task The_page_comes_whole_from_the_gateway()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        using HttpResponseMessage page = await gateway.GetAsync("/").WithStatusAsync(HttpStatusCode.OK);
        Assert.Equal("text/html; charset=utf-8", page.Header("Content-Type"));
        Assert.StartsWith("default-src 'none'; script-src 'self'", page.Header("Content-Security-Policy"), StringComparison.Ordinal);
        string html = await page.TextAsync();
        Assert.DoesNotContain("http://", html);
        Assert.DoesNotContain("https://", html);
        string[] parts = [.. System.Text.RegularExpressions.Regex.Matches(html, "(?:src|href)=\"([^\"#][^\"]*)\"").Select(match => match.Groups[1].Value)];
        Assert.NotEmpty(parts);
        foreach (string part in parts)
        {
            await gateway.GetAsync("/" + part).WithStatusAsync(HttpStatusCode.OK);
        }

        await gateway.GetAsync("/-/none").WithStatusAsync(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Cross_origin_pages_may_read_only_if_they_are_named()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(configure: options => options.CorsOrigins.Add("https://viewer.example.org"));
        await gateway.GiveAsync("k", 10);
        using HttpResponseMessage named = await gateway.GetAsync("/s/k", ("Origin", "https://viewer.example.org")).WithStatusAsync(HttpStatusCode.OK);
        Assert.Equal("https://viewer.example.org", named.Header("Access-Control-Allow-Origin"));
        Assert.Contains("Content-Range", named.Header("Access-Control-Expose-Headers"));
        using HttpResponseMessage other = await gateway.GetAsync("/s/k", ("Origin", "https://evil.example")).WithStatusAsync(HttpStatusCode.OK);
        Assert.Null(other.Header("Access-Control-Allow-Origin"));

        using HttpResponseMessage preflight = await gateway.SendAsync(
            HttpMethod.Options, "/s/k", ("Origin", "https://viewer.example.org"), ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", "range"), ("Access-Control-Request-Private-Network", "true")).WithStatusAsync(HttpStatusCode.NoContent);
        Assert.Equal("range", preflight.Header("Access-Control-Allow-Headers"));
        Assert.Equal("true", preflight.Header("Access-Control-Allow-Private-Network"));

        await using TestGateway any = await TestGateway.StartAsync(configure: options => options.CorsOrigins.Add("*"));
        using HttpResponseMessage absent = await any.GetAsync("/s/none", ("Origin", "https://x.example")).WithStatusAsync(HttpStatusCode.NotFound);
        Assert.Equal("*", absent.Header("Access-Control-Allow-Origin"));
        await any.Origin.DisposeAsync();
        using HttpResponseMessage failed = await any.GetAsync("/s/other", ("Origin", "https://x.example")).WithStatusAsync(HttpStatusCode.BadGateway);
        Assert.Equal("*", failed.Header("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task The_gateway_may_lie_below_a_prefix_and_a_base_path()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(map: app =>
        {
            app.UsePathBase("/base");
            app.UseRouting();
            app.MapGroup("/group").MapZarrCache("/zarr");
        });
        byte[] value = await gateway.GiveAsync("u/0.0", 10);
        Assert.Equal(value, await (await gateway.GetAsync("/base/group/zarr/s/u/0.0").WithStatusAsync(HttpStatusCode.OK)).BytesAsync());
        await gateway.GetAsync("/base/group/zarr/").WithStatusAsync(HttpStatusCode.OK);
        await gateway.GetAsync("/base/group/zarr/healthz").WithStatusAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_map_shows_what_is_cached_absent_and_unknown()
    {
        await using TestGateway gateway = await TestGateway.StartAsync();
        await gateway.Objects.SetAsync(".zmetadata", System.Text.Encoding.UTF8.GetBytes(Consolidated), TestGateway.Ct);
        await gateway.WarmAsync("u/0.1", 16);
        await (await gateway.GetAsync("/s/u/0.1")).BytesAsync();
        await gateway.GetAsync("/s/u/1.2").WithStatusAsync(HttpStatusCode.NotFound);
        await gateway.Cache.Storage.FlushAsync(TestGateway.Ct);

        JsonNode arrays = await JsonAsync(gateway, "/-/arrays?store=s");
        Assert.Equal("[2,3]", arrays["arrays"]![0]!["grid"]!.ToJsonString());
        JsonNode map = await JsonAsync(gateway, "/-/map?store=s&array=u");
        Assert.Equal((3, 2), ((int)map["width"]!, (int)map["height"]!));
        Assert.Equal("[0,100,0,0,0,0]", map["cached"]!.ToJsonString());
        Assert.Equal("[0,0,0,0,0,100]", map["absent"]!.ToJsonString());
        Assert.Equal("[0,1,0,0,0,0]", map["reads"]!.ToJsonString());
        JsonNode turned = await JsonAsync(gateway, "/-/map?store=s&array=u&x=0&y=1&window=0,1,0,3");
        Assert.Equal("[0,100,0]", turned["cached"]!.ToJsonString());
        JsonNode chunk = await JsonAsync(gateway, "/-/chunk?store=s&array=u&at=0,1");
        Assert.Equal(("u/0.1", "cached", 16), ((string)chunk["key"]!, (string)chunk["state"]!, (int)chunk["size"]!));

        foreach ((string query, string message) in ((string, string)[])[
            ("store=none&array=u", "There is no store 'none' here."), ("store=s&array=u&x=2", "x is '2'; it must be an axis from 0 to 1."),
            ("store=s&array=u&x=1&y=1", "x and y are both axis 1"), ("store=s&array=u&at=1", "at has 1 numbers"), ("store=s&array=u&at=a,b", "at has 'a'"),
            ("store=s&array=u&window=1", "window has 1 numbers")])
        {
            using HttpResponseMessage response = await gateway.GetAsync("/-/map?" + query).WithStatusAsync(HttpStatusCode.BadRequest);
            Assert.Contains(message, await response.TextAsync());
        }
    }

    private static MemoryStore Listed()
    {
        var store = new MemoryStore(TimeProvider.System);
        foreach (string key in (string[])["u/.zarray", "u/0.0", "v/0"])
        {
            ValueTask<ObjectInfo> set = store.SetAsync(key, new byte[] { 1 }, TestGateway.Ct);
            Assert.True(set.IsCompletedSuccessfully);
        }

        return store;
    }

    private static string[] Keys(JsonNode list) => [.. list["keys"]!.AsArray().Select(key => (string)key!).Order(StringComparer.Ordinal)];

    private static async Task<JsonNode> JsonAsync(TestGateway gateway, string path)
    {
        using HttpResponseMessage response = await gateway.GetAsync(path).WithStatusAsync(HttpStatusCode.OK);
        Assert.Equal("application/json", response.Header("Content-Type"));
        return JsonNode.Parse(await response.TextAsync())!;
    }
}
