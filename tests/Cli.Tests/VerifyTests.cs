using System.Text.Json.Nodes;
using Xunit;

namespace ZarrCache.Cli.Tests;

public sealed class VerifyTests : CacheTest
{
    [Fact]
    public async Task A_sound_cache_is_clean_and_whole()
    {
        (await CommandLine.RunAsync(Warm())).WithStatus(0);
        Ended ended = (await CommandLine.RunAsync("verify", "--cache", Cache, "--complete", "era")).WithStatus(0);
        Assert.Contains("Nothing is wrong.", ended.Output);
        Assert.Contains($"Store 'era' is whole: {SampleKeys} values, 0 absences.", ended.Output);
    }

    [Fact]
    public async Task A_flipped_byte_a_missing_file_and_a_stray_one_are_found_and_dropped()
    {
        (await CommandLine.RunAsync(Warm())).WithStatus(0);
        await FlipAsync(Path.Combine(Chunks, "u", "0.0.0.0"));
        File.Delete(Path.Combine(Chunks, "u", "0.0.0.1"));
        string stray = Path.Combine(Chunks, "u", "7.7.7.7");
        await File.WriteAllTextAsync(stray, "stray", Ct);
        File.SetLastWriteTimeUtc(stray, TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-1));

        JsonNode found = (await CommandLine.RunAsync("verify", "--cache", Cache, "--json")).WithStatus(1).Json;
        Assert.False((bool)found["clean"]!);
        Assert.Equal(
            [("corrupt", "u/0.0.0.0"), ("dangling", "u/0.0.0.1"), ("orphan", "u/7.7.7.7")],
            found["findings"]!.AsArray().Select(finding => ((string)finding!["kind"]!, (string)finding["key"]!)).Order());

        Ended repaired = (await CommandLine.RunAsync("verify", "--cache", Cache, "--repair")).WithStatus(1);
        Assert.Contains("1 corrupt, 1 rows without a file, 1 files without a row, 0 unreadable.", repaired.Output);
        Assert.Contains("What was wrong has been dropped", repaired.Output);
        Assert.False(File.Exists(stray));

        (await CommandLine.RunAsync("verify", "--cache", Cache)).WithStatus(0);
        Ended partial = (await CommandLine.RunAsync("verify", "--cache", Cache, "--complete", "era")).WithStatus(1);
        Assert.Contains($"Store 'era' is not whole: 2 of {SampleKeys} keys are missing", partial.Output);
        Assert.Contains("missing     era  u/0.0.0.1", partial.Output);

        Server.Reset();
        (await CommandLine.RunAsync(Warm())).WithStatus(0);
        Assert.Equal(["GET u/0.0.0.0", "GET u/0.0.0.1"], Server.Log.Order());
        (await CommandLine.RunAsync("verify", "--cache", Cache, "--complete", "era")).WithStatus(0);
    }

    [Fact]
    public async Task A_lost_index_is_rebuilt_from_the_files_before_anything_is_fetched()
    {
        (await CommandLine.RunAsync(Warm())).WithStatus(0);
        foreach (string file in Directory.GetFiles(Cache, "index.db*"))
        {
            File.Delete(file);
        }

        Assert.Equal(SampleKeys, (int)(await CommandLine.RunAsync("stats", "--cache", Cache, "--json")).WithStatus(0).Json["values"]!);
        Server.Reset();
        (await CommandLine.RunAsync(Warm("--prefix", "u/"))).WithStatus(0);
        Assert.Equal(["GET zarr.json"], Server.Log); // that it is absent was known to the index alone
        (await CommandLine.RunAsync("verify", "--cache", Cache)).WithStatus(0);
    }

    [Fact]
    public async Task A_young_file_without_a_row_is_left_alone()
    {
        (await CommandLine.RunAsync(Warm("--array", "level"))).WithStatus(0);
        string young = Path.Combine(Chunks, "level", "9");
        await File.WriteAllTextAsync(young, "on its way in", Ct);
        Assert.Contains("1 files without a row are younger than five minutes", (await CommandLine.RunAsync("verify", "--cache", Cache, "--repair")).WithStatus(0).Output);
        Assert.True(File.Exists(young));
    }

    [Fact]
    public async Task Completeness_of_a_store_that_is_not_there_is_refused()
    {
        (await CommandLine.RunAsync(Warm("--array", "level"))).WithStatus(0);
        Assert.Contains("There is no store 'ear'", (await CommandLine.RunAsync("verify", "--cache", Cache, "--complete", "ear")).WithStatus(2).Error);
    }

    private static async Task FlipAsync(string file)
    {
        byte[] bytes = await File.ReadAllBytesAsync(file, Ct);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Ct);
    }
}
