using System.Text.Json.Nodes;
using Xunit;

namespace ZarrCache.Cli.Tests;

/// <summary><c>pin</c>, <c>unpin</c>, <c>quota</c> and <c>--policy</c>: what is kept, and what goes first.</summary>
public sealed class KeepTests : CacheTest
{
    [Fact]
    public async Task What_is_pinned_is_listed_and_outlasts_what_comes_after()
    {
        (await CommandLine.RunAsync(Warm("--array", "u"))).WithStatus(0);
        Assert.StartsWith("Nothing is pinned.", (await CommandLine.RunAsync("pin", "--cache", Cache)).WithStatus(0).Output, StringComparison.Ordinal);
        JsonNode pinned = (await CommandLine.RunAsync("pin", "--cache", Cache, "--store", "era", "--prefix", "u/", "--json")).WithStatus(0).Json;
        Assert.Equal((98, "u/"), ((int)pinned["entries"]!, (string)pinned["prefix"]!));
        Assert.Contains("era", (await CommandLine.RunAsync("pin", "--cache", Cache)).WithStatus(0).Output);

        long size = (long)pinned["allocatedBytes"]! + 200_000;
        (await CommandLine.RunAsync(Warm("--array", "v", "--max-size", $"{size}B"))).WithStatus(0);
        Assert.Equal(98, (await ListKeysAsync()).Count(key => key.StartsWith("u/", StringComparison.Ordinal)));
        Assert.Equal("pinned", (string)(await CommandLine.RunAsync("ls", "--cache", Cache, "--store", "era", "--prefix", "u/", "--limit", "1", "--json")).WithStatus(0).Json["retention"]!);
        Assert.Contains("Pinned   era:u/", (await CommandLine.RunAsync("stats", "--cache", Cache)).WithStatus(0).Output);

        Assert.Contains("is pinned no longer", (await CommandLine.RunAsync("unpin", "--cache", Cache, "--store", "era", "--prefix", "u/")).WithStatus(0).Output);
        Assert.Contains("'u/' of store 'era' is not pinned", (await CommandLine.RunAsync("unpin", "--cache", Cache, "--store", "era", "--prefix", "u/")).WithStatus(2).Error);
        Assert.Contains("There is no store 'ear' in this cache; there is era.", (await CommandLine.RunAsync("pin", "--cache", Cache, "--store", "ear")).WithStatus(2).Error);
    }

    [Fact]
    public async Task Warm_pins_what_it_is_told_to_before_it_fetches()
    {
        (await CommandLine.RunAsync(Warm("--array", "u", "--pin"))).WithStatus(0);
        Assert.Equal(["""{"store":"era","prefix":"u/"}"""], (await CommandLine.RunAsync("pin", "--cache", Cache, "--json")).WithStatus(0).Output.Trim().Split('\n'));
        Assert.Contains("--select chooses within them", (await CommandLine.RunAsync(Warm("--select", "u[0]", "--pin"))).WithStatus(2).Error);
    }

    [Fact]
    public async Task A_quota_is_set_shown_kept_and_removed()
    {
        (await CommandLine.RunAsync(Warm("--array", "level"))).WithStatus(0);
        Assert.StartsWith("No store has a quota", (await CommandLine.RunAsync("quota", "--cache", Cache)).WithStatus(0).Output, StringComparison.Ordinal);
        (await CommandLine.RunAsync("quota", "--cache", Cache, "--store", "era", "--max", "1MB")).WithStatus(0);
        JsonNode quota = (await CommandLine.RunAsync("quota", "--cache", Cache, "--store", "era", "--min", "100kB", "--json")).WithStatus(0).Json;
        Assert.Equal((100_000, 1_000_000), ((long)quota["minimum"]!, (long)quota["maximum"]!));

        (await CommandLine.RunAsync(Warm("--array", "u"))).WithStatus(0);
        JsonNode stats = (await CommandLine.RunAsync("stats", "--cache", Cache, "--json")).WithStatus(0).Json;
        Assert.InRange((long)stats["allocatedBytes"]!, 500_000, 1_000_000);
        Assert.Equal(1_000_000, (long)stats["stores"]![0]!["quota"]!["maximum"]!);

        Assert.Contains("below one chunk", (await CommandLine.RunAsync("quota", "--cache", Cache, "--store", "era", "--min", "1B", "--max", "1kB")).WithStatus(2).Error);
        Assert.Contains("must fit into MaxSize", (await CommandLine.RunAsync("quota", "--cache", Cache, "--store", "era", "--min", "60GiB", "--max", "70GiB")).WithStatus(2).Error);
        Assert.Contains("add --store ID", (await CommandLine.RunAsync("quota", "--cache", Cache, "--min", "1MB")).WithStatus(2).Error);
        Assert.StartsWith("No store has a quota", (await CommandLine.RunAsync("quota", "--cache", Cache, "--store", "era", "--remove")).WithStatus(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_policy_gives_what_is_there_its_priorities()
    {
        (await CommandLine.RunAsync(Warm("--array", "u"))).WithStatus(0);
        (await CommandLine.RunAsync(Warm("--array", "level", "--policy", "gdsf"))).WithStatus(0);
        Assert.Equal("gdsf", (string)(await CommandLine.RunAsync("stats", "--cache", Cache, "--json")).WithStatus(0).Json["policy"]!);
        (double Priority, string Retention)[] order = [.. (await CommandLine.RunAsync("ls", "--cache", Cache, "--order-by", "priority", "--json")).WithStatus(0).Lines
            .Select(line => ((double)line["priority"]!, (string)line["retention"]!))];
        Assert.Equal("metadata", order[^1].Retention);
        double[] chunks = [.. order.Where(entry => entry.Retention == "evictable").Select(entry => entry.Priority)];
        Assert.True(chunks.Length >= 96 && chunks.All(priority => priority is > 0 and < 10), "the priorities of lru are counts, those of gdsf milliseconds a byte");
        Assert.Equal(chunks.Order(), chunks);

        string error = (await CommandLine.RunAsync(Warm("--policy", "mru"))).WithStatus(2).Error;
        Assert.All(EvictionPolicy.All, policy => Assert.Contains(policy.Name, error, StringComparison.Ordinal));
    }
}
