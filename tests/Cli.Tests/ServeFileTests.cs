using System.Text;
using System.Text.Json.Nodes;
using Xunit;
using ZarrCache.Cli.Serve;

namespace ZarrCache.Cli.Tests;

/// <summary>The configuration of <c>serve</c>, and what is said of one that is wrong.</summary>
public sealed class ServeFileTests
{
    [Fact]
    public void Everything_that_there_is_is_read()
    {
        ServeSettings settings = Read("""
            {
              // comments are allowed
              "$schema": "gateway.schema.json",
              "cache": "cache", "maxSize": "50GiB", "policy": "gdsf", "index": "sqlite", "storage": "x/{store_id}",
              "urls": ["http://127.0.0.1:9000"], "allowedHosts": ["zarr.lab"], "cors": ["https://viewer.example.org"],
              "maxConcurrentRequests": 10, "clientMaxAge": "30s",
              "stores": {
                "era5": {
                  "origin": "https://data.example.org/era5.zarr", "minSize": "1GiB", "maxSize": 4096, "metadataTimeToLive": "10min",
                  "chunkTimeToLive": "never", "absentTimeToLive": "1.5d", "offline": true, "connections": 4, "allowRedirectsToOtherHosts": true
                },
                "mine": { "origin": "mine.zarr" }
              }
            }
            """);
        Assert.Equal(("/etc/zarr/cache", 50L << 30, "gdsf", "sqlite", "x/{store_id}"), (settings.Cache, settings.MaxSize, settings.Policy, settings.Index, settings.Storage));
        Assert.Equal(["http://127.0.0.1:9000"], settings.Urls);
        Assert.Equal(["zarr.lab"], settings.AllowedHosts);
        Assert.Equal(["https://viewer.example.org"], settings.Cors);
        Assert.Equal((10, TimeSpan.FromSeconds(30)), (settings.MaxConcurrentRequests, settings.ClientMaxAge));
        Assert.Equal(
            new ServeStore("era5", "https://data.example.org/era5.zarr")
            {
                MinSize = 1L << 30,
                MaxSize = 4096,
                MetadataTimeToLive = TimeSpan.FromMinutes(10),
                ChunkTimeToLive = Timeout.InfiniteTimeSpan,
                AbsentTimeToLive = TimeSpan.FromDays(1.5),
                Offline = true,
                Connections = 4,
                AllowRedirectsToOtherHosts = true,
            },
            settings.Stores[0]);
        Assert.Equal(new ServeStore("mine", "/etc/zarr/mine.zarr"), settings.Stores[1]);
    }

    [Theory]
    [InlineData("{\n  \"cash\": \"c\"\n}", "line 2, column 3: the key 'cash' is not known here; there is $schema, cache")]
    [InlineData("{\n  \"stores\": { \"é\": { \"origin\": \"o\", \"orign\": \"p\" } }\n}", "line 2, column 37: the key 'orign' is not known here; there is origin")]
    [InlineData("{\n  \"cache\": \"a\",\n  \"cache\": \"b\"\n}", "line 3, column 3: the key 'cache' is given a second time; the first is at line 2, column 3")]
    [InlineData("{ \"stores\": { \"a\": { \"origin\": \"o\" },\n \"a\": { \"origin\": \"p\" } } }", "line 2, column 2: the key 'a' is given a second time")]
    [InlineData("{ \"stores\": { \"a\": {} } }", "line 1, column 15: 'a' has no 'origin'")]
    [InlineData("{ \"maxSize\": \"many\" }", "line 1, column 3: 'maxSize' is no size: 'many' is no size")]
    [InlineData("{ \"maxSize\": 0 }", "'maxSize' must be a whole number from 1")]
    [InlineData("{ \"maxSize\": true }", "'maxSize' must be a text in quotes")]
    [InlineData("{ \"policy\": \"best\" }", "'policy' is 'best'; it must be one of")]
    [InlineData("{ \"urls\": \"http://localhost:1\" }", "'urls' must be a list of texts")]
    [InlineData("{ \"urls\": [1] }", "line 1, column 12: this must be a text in quotes")]
    [InlineData("{ \"clientMaxAge\": \"10\" }", "'10' is no duration; write a number and one of ms, s, min, h or d")]
    [InlineData("{ \"maxConcurrentRequests\": 1.5 }", "'maxConcurrentRequests' must be a whole number from 1 to 1000000")]
    [InlineData("{ \"stores\": { \"a\": { \"origin\": \"o\", \"offline\": \"no\" } } }", "'offline' must be true or false")]
    [InlineData("{ \"stores\": [] }", "'stores' must be an object in braces")]
    [InlineData("[]", "this must be an object in braces")]
    [InlineData("{ \"cache\": \"a\",\n }", "line 2, column 2: this is no JSON")]
    [InlineData("{} {}", "this is no JSON")]
    [InlineData("", "this is no JSON")]
    public void What_is_wrong_is_refused_with_line_and_column(string json, string message) =>
        Assert.Contains(message, Assert.Throws<ZarrCacheException>(() => Read(json)).Message);

    [Fact]
    public void The_manifest_of_a_cache_is_no_configuration() => Assert.Contains(
        "is that of a cache's own manifest",
        Assert.Throws<ZarrCacheException>(() => Read("""{ "version": 1, "index": "sqlite", "storage": "x", "maxSize": 1, "policy": "lru", "stores": {} }""")).Message);

    [Fact]
    public void A_configuration_does_not_lie_where_the_manifest_will() => Assert.Contains(
        "where 'zarr-cache.json' is the name of the cache's own manifest",
        Assert.Throws<ZarrCacheException>(() => ServeFile.Read("""{ "cache": "." }"""u8.ToArray(), "/etc/zarr/zarr-cache.json")).Message);

    [Fact]
    public void Of_that_name_it_may_lie_elsewhere() => Assert.Equal("/etc/zarr/cache", ServeFile.Read("""{ "cache": "cache" }"""u8.ToArray(), "/etc/zarr/zarr-cache.json").Cache);

    [Fact]
    public void A_file_that_is_not_there_is_said_so() => Assert.Contains("cannot be read", Assert.Throws<ZarrCacheException>(() => ServeFile.Read("/nowhere/gateway.json")).Message);

    [Fact]
    public async Task The_schema_knows_the_keys_that_the_reader_knows()
    {
        JsonNode schema = (await CommandLine.RunAsync("serve", "--print-schema")).WithStatus(0).Json;
        Assert.Equal(ServeSettings.Keys.Order(), Names(schema));
        Assert.Equal(ServeStore.Keys.Order(), Names(schema["properties"]!["stores"]!["additionalProperties"]!));
        Assert.False((bool)schema["additionalProperties"]!);
        Assert.Equal(EvictionPolicy.All.Select(policy => policy.Name).Order(), schema["properties"]!["policy"]!["enum"]!.AsArray().Select(name => (string)name!).Order());

        static IEnumerable<string> Names(JsonNode node) => node["properties"]!.AsObject().Select(property => property.Key).Order();
    }

    [Theory]
    [InlineData("http://127.0.0.1:8470", true)]
    [InlineData("http://localhost:0/", true)]
    [InlineData("http://[::1]:80", true)]
    [InlineData("http://10.1.2.3:80", false)]
    [InlineData("http://*:80", false)]
    [InlineData("http://0.0.0.0:80", false)]
    public void An_address_to_listen_at_is_on_this_machine_or_not(string url, bool isLoopback) => Assert.Equal(isLoopback, ListenAddress.Parse(url).IsLoopback);

    [Theory]
    [InlineData("https://localhost:443", "speaks http")]
    [InlineData("localhost:80", "is no address to listen at")]
    [InlineData("http://localhost", "is no address to listen at")]
    [InlineData("http://localhost:99999", "is no address to listen at")]
    [InlineData("http://zarr.lab:80", "has the host 'zarr.lab'")]
    public void Any_other_is_refused(string url, string message) => Assert.Contains(message, Assert.Throws<ArgumentException>(() => ListenAddress.Parse(url)).Message);

    private static ServeSettings Read(string json) => ServeFile.Read(Encoding.UTF8.GetBytes(json), "/etc/zarr/gateway.json");
}
