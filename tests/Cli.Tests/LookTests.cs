using System.Text.Json.Nodes;
using Xunit;

namespace ZarrCache.Cli.Tests;

/// <summary><c>stats</c>, <c>ls</c> and <c>clear</c>.</summary>
public sealed class LookTests : CacheTest
{
    [Theory]
    [InlineData("stats")]
    [InlineData("ls")]
    [InlineData("clear")]
    [InlineData("verify")]
    [InlineData("pin")]
    [InlineData("quota")]
    public async Task Whoever_looks_at_no_cache_is_told_so_and_makes_none(string command)
    {
        Ended refused = (await CommandLine.RunAsync(command, "--cache", Cache)).WithStatus(2);
        Assert.Equal($"zarr-cache: There is no cache in '{Cache}'; make one with 'zarr-cache warm'.", refused.Error.Trim());
        Assert.False(Directory.Exists(Cache));
    }

    [Fact]
    public async Task Stats_sum_up_each_store()
    {
        (await CommandLine.RunAsync(Warm("--max-size", "100MB"))).WithStatus(0);
        (await CommandLine.RunAsync(Warm())).WithStatus(0);
        JsonNode stats = (await CommandLine.RunAsync("stats", "--cache", Cache, "--json")).WithStatus(0).Json;
        long bytes = Directory.EnumerateFiles(Sample, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
        Assert.Equal((SampleKeys, bytes, 100_000_000), ((int)stats["values"]!, (long)stats["bytes"]!, (long)stats["maxSize"]!));
        Assert.Equal(("sqlite", "chunks/{store_id}.zarr", "lru"), ((string)stats["index"]!, (string)stats["storage"]!, (string)stats["policy"]!));
        Assert.InRange((long)stats["allocatedBytes"]!, bytes, 2 * bytes);
        Assert.True((long)stats["indexFileBytes"]! > 0);
        Assert.InRange((int)stats["hits"]!["reads"]!, SampleKeys, 2 * SampleKeys);

        string text = (await CommandLine.RunAsync("stats", "--cache", Cache)).WithStatus(0).Output;
        Assert.Contains("of 95.4 MiB", text);
        Assert.Contains(Url.TrimEnd('/'), text);
        Assert.DoesNotContain('│', text);
    }

    [Fact]
    public async Task Ls_sorts_limits_and_filters()
    {
        (await CommandLine.RunAsync(Warm("--array", "u"))).WithStatus(0);
        long[] sizes = [.. (await CommandLine.RunAsync("ls", "--cache", Cache, "--order-by", "size", "--descending", "--limit", "10", "--json")).WithStatus(0).Lines.Select(line => (long)line["size"]!)];
        Assert.Equal(10, sizes.Length);
        Assert.Equal(sizes.OrderDescending(), sizes);

        string[] keys = [.. (await CommandLine.RunAsync("ls", "--cache", Cache, "--store", "era", "--prefix", "u/1.", "--order-by", "key", "--json")).WithStatus(0).Lines.Select(line => (string)line["key"]!)];
        Assert.Equal(48, keys.Length);
        Assert.Equal(keys.Order(StringComparer.Ordinal), keys);

        foreach (string order in (string[])["last-access", "count", "load-duration"])
        {
            Ended listed = (await CommandLine.RunAsync("ls", "--cache", Cache, "--order-by", order)).WithStatus(0);
            Assert.StartsWith("LAST ACCESS", listed.Output, StringComparison.Ordinal);
            Assert.Contains("  era  u/1.2.3.3", listed.Output);
        }

        Assert.Contains("needs a store id", (await CommandLine.RunAsync("ls", "--cache", Cache, "--prefix", "u/")).WithStatus(2).Error);
    }

    [Fact]
    public async Task Clear_removes_a_prefix_a_store_and_all()
    {
        (await CommandLine.RunAsync(Warm("--array", "u", "--array", "v"))).WithStatus(0);
        Assert.Equal(98, (int)(await CommandLine.RunAsync("clear", "--cache", Cache, "--store", "era", "--prefix", "u/", "--json")).WithStatus(0).Json["removed"]!);
        Assert.DoesNotContain(await ListKeysAsync(), key => key.StartsWith("u/", StringComparison.Ordinal));
        Assert.False(Directory.Exists(Path.Combine(Chunks, "u")));

        (await CommandLine.RunAsync("clear", "--cache", Cache, "--store", "era")).WithStatus(0);
        Assert.Empty(await ListKeysAsync());
        (await CommandLine.RunAsync(Warm("--array", "level"))).WithStatus(0);
        Assert.Contains("on disk", (await CommandLine.RunAsync("clear", "--cache", Cache)).WithStatus(0).Output);
        Assert.Empty(await ListKeysAsync());
    }

    [Fact]
    public async Task Clear_refuses_what_it_cannot_mean()
    {
        (await CommandLine.RunAsync(Warm("--array", "level"))).WithStatus(0);
        Assert.Contains("--prefix needs a store", (await CommandLine.RunAsync("clear", "--cache", Cache, "--prefix", "u/")).WithStatus(2).Error);
        Assert.Contains("--forget needs a store", (await CommandLine.RunAsync("clear", "--cache", Cache, "--forget")).WithStatus(2).Error);
        Assert.Contains("There is no store 'ear' in this cache; there is era.", (await CommandLine.RunAsync("clear", "--cache", Cache, "--store", "ear")).WithStatus(2).Error);
        Assert.Contains("The prefix 'u' does not end in '/'", (await CommandLine.RunAsync("clear", "--cache", Cache, "--store", "era", "--prefix", "u")).WithStatus(2).Error);
        Assert.NotEmpty(await ListKeysAsync());
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("demo", "--help")]
    [InlineData("warm", "--help")]
    [InlineData("stats", "--help")]
    [InlineData("ls", "--help")]
    [InlineData("clear", "--help")]
    [InlineData("verify", "--help")]
    [InlineData("pin", "--help")]
    [InlineData("unpin", "--help")]
    [InlineData("quota", "--help")]
    public async Task Help_ends_with_examples(params string[] args)
    {
        string help = (await CommandLine.RunAsync(args)).WithStatus(0).Output;
        Assert.Contains("Examples:", help);
        Assert.DoesNotContain("demo-reader", help);
    }
}
