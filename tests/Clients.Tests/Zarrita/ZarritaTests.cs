using System.Text.Json.Nodes;
using Xunit;

namespace ZarrCache.Clients.Tests.Zarrita;

/// <summary>npm's zarrita and its FetchStore: Zarr v2, v3, and v3 in shards.</summary>
public sealed class ZarritaTests(ZarritaFixture zarrita) : ClientTest, IClassFixture<ZarritaFixture>
{
    private const int Cells = 2 * 3 * 241 * 480;

    /// <summary>The raw integers of the sharded arrays; most of <c>jet</c> is absent and reads as its fill value.</summary>
    private static readonly (string Name, int Count, double Sum)[] Shards =
        [("u", Cells, 8838801966), ("v", Cells, -2176930381), ("z", Cells, 2271761917), ("jet", Cells, -22340421608)];

    private static readonly (string Name, int Count, double Sum)[] Coordinates =
        [("latitude", 241, 0), ("longitude", 480, -180), ("level", 3, 200 + 500 + 850), ("month", 2, 1 + 7)];

    [Fact]
    public async Task Zarr_v2_is_read_and_after_a_restart_the_origin_is_not_asked() =>
        Assert.Contains("GET eraint-v2.zarr/u/1.2.3.3", await ReadTwiceAsync("era5", "suffix", [.. Coordinates, ("u", Cells, 6.9410478643 * Cells)]));

    [Fact]
    public async Task Zarr_v3_is_read_and_after_a_restart_the_origin_is_not_asked() =>
        Assert.Contains("GET eraint-v3-sharded.zarr/latitude/c/0", await ReadTwiceAsync("shards", "suffix", Coordinates));

    [Fact]
    public async Task Shards_are_read_by_suffix_and_slices_and_after_a_restart_the_origin_is_not_asked()
    {
        string[] log = await ReadTwiceAsync("shards", "suffix", Shards);
        string[] shard = [.. log.Where(request => request.StartsWith("GET eraint-v3-sharded.zarr/u/c/0/0/0/0", StringComparison.Ordinal))];
        Assert.Contains(shard, request => request.Contains(" bytes=-", StringComparison.Ordinal));
        Assert.All(shard, request => Assert.Contains(" bytes=", request)); // never as a whole
    }

    /// <summary>How the origin is asked is a matter of time here: the request that the size comes from may bring the ranges too.</summary>
    [Fact]
    public async Task Shards_whose_size_is_asked_for_first_are_read_and_after_a_restart_the_origin_is_not_asked() =>
        Assert.NotEmpty(await ReadTwiceAsync("shards", "head", Shards));

    [Theory]
    [InlineData("era5")]
    [InlineData("shards")]
    public async Task An_origin_that_fails_is_an_error_and_no_fill_value(string store)
    {
        RefuseChunks();
        await using GatewayProcess gateway = await ServeAsync();
        Ended ended = (await zarrita.SumAsync(gateway.UrlOf(store), "suffix", "u")).WithStatus(1);
        Assert.Contains("Unexpected response status 502", ended.Error);
    }

    /// <summary>Reads with an empty cache, and once more after a restart, when the origin must not be asked; what it was asked at first.</summary>
    private async Task<string[]> ReadTwiceAsync(string store, string index, (string Name, int Count, double Sum)[] expected)
    {
        await using (GatewayProcess first = await ServeAsync())
        {
            await ReadAsync(first);
            await first.StopAsync();
        }

        string[] log = [.. Origin.Log];
        Origin.Reset();
        await using GatewayProcess second = await ServeAsync();
        await ReadAsync(second);
        Assert.Empty(Origin.Log);
        await second.StopAsync();
        return log;

        async Task ReadAsync(GatewayProcess gateway)
        {
            Ended ended = (await zarrita.SumAsync([gateway.UrlOf(store), index, .. expected.Select(array => array.Name)])).WithStatus(0);
            JsonNode sums = JsonNode.Parse(ended.Output)!;
            foreach ((string name, int count, double sum) in expected)
            {
                Assert.Equal(count, (int)sums[name]!["count"]!);
                Assert.Equal(sum, (double)sums[name]!["sum"]!, tolerance: 1e-4); // a sum of integers is exact
            }
        }
    }
}
