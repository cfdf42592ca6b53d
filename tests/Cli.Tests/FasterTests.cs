using System.Text.Json.Nodes;
using Xunit;
using ZarrCache.Index.Faster;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Cli.Tests;

/// <summary><c>--index faster</c>.</summary>
public sealed class FasterTests : CacheTest
{
    [Fact]
    public async Task The_index_is_kept_in_the_manifest()
    {
        (await CommandLine.RunAsync(Warm("--index", "faster"))).WithStatus(0);
        Ended again = (await CommandLine.RunAsync(Warm())).WithStatus(0);
        Assert.Contains(SampleKeys.ToString(System.Globalization.CultureInfo.InvariantCulture), again.Output, StringComparison.Ordinal);
        JsonNode stats = (await CommandLine.RunAsync("stats", "--cache", Cache, "--json")).WithStatus(0).Json;
        Assert.Equal(("faster", SampleKeys), ((string)stats["index"]!, (int)stats["values"]!));
        Assert.True((long)stats["indexFileBytes"]! > 0);
        Assert.Equal(SampleKeys, (await ListKeysAsync()).Count);
        (await CommandLine.RunAsync("verify", "--cache", Cache, "--complete", "era")).WithStatus(0);
        Assert.Contains("has the index 'faster', which cannot become 'sqlite'", (await CommandLine.RunAsync(Warm("--index", "sqlite"))).WithStatus(2).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_index_that_there_is_not_is_refused_with_those_there_are()
    {
        Ended refused = (await CommandLine.RunAsync(Warm("--index", "slower"))).WithStatus(2);
        Assert.Contains("There is no index 'slower' here; there is faster, ", refused.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Cache));
    }

    [Fact]
    public async Task While_one_has_it_the_others_look_at_its_last_checkpoint_and_say_so()
    {
        (await CommandLine.RunAsync(Warm("--index", "faster", "--array", "u"))).WithStatus(0);
        int cached = (await ListKeysAsync()).Count;
        await using CacheDirectory holder = await CacheDirectory.OpenAsync(
            Cache,
            new CacheBackends().AddFaster().AddFileSystem(),
            new CacheDirectorySettings { MustExist = true, ConfigureStorage = options => options with { SweepWhenUnclean = false } }, // which would end with a checkpoint
            Ct);
        Ended refused = (await CommandLine.RunAsync(Warm())).WithStatus(2);
        Assert.Contains($"is in use by process {Environment.ProcessId}", refused.Error, StringComparison.Ordinal);

        await holder.Index.PushAsync(new IndexEntry { StoreId = "era", Key = "later", Size = 1, Version = 1 }, Ct);
        Ended stats = (await CommandLine.RunAsync("stats", "--cache", Cache, "--json")).WithStatus(0);
        Assert.Equal(cached, (int)stats.Json["values"]!);
        Assert.Contains("what is shown is its last checkpoint", stats.Error, StringComparison.Ordinal);
        Ended listed = (await CommandLine.RunAsync("ls", "--cache", Cache, "--json")).WithStatus(0);
        Assert.DoesNotContain(listed.Lines, line => (string)line["key"]! == "later");
        Assert.Contains($"is in use by process {Environment.ProcessId}", listed.Error, StringComparison.Ordinal);

        await holder.Index.FlushAsync(Ct);
        Assert.Equal(cached + 1, (int)(await CommandLine.RunAsync("stats", "--cache", Cache, "--json")).WithStatus(0).Json["values"]!);
    }
}
