using System.Text.Json.Nodes;
using Xunit;

namespace ZarrCache.Cli.Tests;

public sealed class WarmTests : CacheTest
{
    [Fact]
    public async Task Each_key_is_asked_for_once_and_then_never()
    {
        JsonNode first = (await CommandLine.RunAsync(Warm("--json"))).WithStatus(0).Json;
        Assert.Equal(SampleKeys, (int)first["keys"]!);
        Assert.Equal(SampleKeys, (int)first["fetched"]! + (int)first["cached"]!);
        Assert.Equal(Server.Requests, (int)first["originRequests"]!);
        Assert.Equal(Server.Requests, Server.Log.Distinct().Count());

        Server.Reset();
        Ended second = (await CommandLine.RunAsync(Warm())).WithStatus(0);
        Assert.Equal(0, Server.Requests);
        Assert.Contains($"Done: {SampleKeys} of {SampleKeys} keys: 0 fetched (0 B), {SampleKeys} cached already, 0 absent; 0 requests to the origin.", second.Output);
        Assert.Empty(second.Error);
    }

    [Fact]
    public async Task The_chunks_are_a_plain_Zarr_directory_equal_to_the_origin()
    {
        (await CommandLine.RunAsync(Warm())).WithStatus(0);
        foreach (string file in Directory.EnumerateFiles(Sample, "*", SearchOption.AllDirectories))
        {
            Assert.Equal(await File.ReadAllBytesAsync(file, Ct), await File.ReadAllBytesAsync(Path.Combine(Chunks, Path.GetRelativePath(Sample, file)), Ct));
        }
    }

    [Fact]
    public async Task A_directory_is_an_origin_too()
    {
        JsonNode done = (await CommandLine.RunAsync("warm", Sample, "--store", "era", "--cache", Cache, "--json")).WithStatus(0).Json;
        Assert.Equal(SampleKeys, (int)done["done"]!);
        Assert.Equal(0, Server.Requests);
    }

    [Fact]
    public async Task An_array_a_selection_and_a_prefix_warm_just_their_keys()
    {
        (await CommandLine.RunAsync(Warm("--array", "level", "--select", "u[0,:,0:61,:]"))).WithStatus(0);
        HashSet<string> keys = await ListKeysAsync();
        Assert.Equal(13, keys.Count(key => !ZarrKey.IsMetadata(key)));
        Assert.Contains("level/0", keys);
        Assert.Contains("u/0.2.0.3", keys);

        (await CommandLine.RunAsync(Warm("--prefix", "v/"))).WithStatus(0);
        Assert.Equal(13 + 96, (await ListKeysAsync()).Count(key => !ZarrKey.IsMetadata(key)));
    }

    [Fact]
    public async Task A_cache_that_is_too_small_says_what_it_gave_up()
    {
        Ended ended = (await CommandLine.RunAsync(Warm("--max-size", "1MiB"))).WithStatus(0);
        Assert.Contains("entries were given up to make room", ended.Output);
        Assert.Contains("of 1.00 MiB.", ended.Output);
        long onDisk = (long)(await CommandLine.RunAsync("stats", "--cache", Cache, "--json")).Json["allocatedBytes"]!;
        Assert.InRange(onDisk, 1, 1 << 20);
    }

    [Fact]
    public async Task Another_policy_is_refused_while_others_use_the_cache_and_then_taken()
    {
        (await CommandLine.RunAsync(Warm("--array", "level"))).WithStatus(0);
        await using (await CacheDirectory.OpenAsync(Cache, Backends.Create(), ct: Ct))
        {
            (await CommandLine.RunAsync(Warm("--array", "level", "--policy", "fifo"))).WithStatus(2);
            Assert.Contains("what goes first is decided by lru", (await CommandLine.RunAsync("stats", "--cache", Cache)).WithStatus(0).Output);
        }

        (await CommandLine.RunAsync(Warm("--array", "level", "--policy", "fifo"))).WithStatus(0);
        Assert.Contains("what goes first is decided by fifo", (await CommandLine.RunAsync("stats", "--cache", Cache)).WithStatus(0).Output);
    }

    [Fact]
    public async Task A_store_id_is_refused_for_another_origin()
    {
        (await CommandLine.RunAsync(Warm("--array", "level"))).WithStatus(0);
        Ended refused = (await CommandLine.RunAsync("warm", Sample, "--store", "era", "--cache", Cache)).WithStatus(2);
        Assert.Contains($"'era' stands for the origin '{Url.TrimEnd('/')}' and cannot stand for '{Sample}'", refused.Error);
        Assert.Single(refused.Error.Trim().Split('\n'));

        (await CommandLine.RunAsync("clear", "--cache", Cache, "--store", "era", "--forget")).WithStatus(0);
        (await CommandLine.RunAsync("warm", Sample, "--store", "era", "--cache", Cache)).WithStatus(0);
    }

    [Fact]
    public async Task Secrets_of_the_URL_are_written_nowhere()
    {
        string url = Url.Replace("http://", "http://someone:sesame@", StringComparison.Ordinal) + "?signature=sesame";
        Ended ended = (await CommandLine.RunAsync("warm", url, "--store", "era", "--cache", Cache, "--array", "level", "--verbose")).WithStatus(0);
        Assert.DoesNotContain("sesame", ended.Output + ended.Error);
        Assert.DoesNotContain("sesame", await File.ReadAllTextAsync(Path.Combine(Cache, "zarr-cache.json"), Ct));
        Assert.DoesNotContain("sesame", (await CommandLine.RunAsync("stats", "--cache", Cache)).Output);
    }

    [Fact]
    public async Task Keys_that_fail_are_told_and_fetched_by_the_next_run()
    {
        Server.Intercept = (context, answer) =>
        {
            if (context.Request.Path.Value is "/u/0.0.0.0")
            {
                context.Response.StatusCode = 418;
                return Task.CompletedTask;
            }

            return answer(context);
        };
        Ended ended = (await CommandLine.RunAsync(Warm())).WithStatus(1);
        Assert.Contains("1 keys could not be fetched, the first because:", ended.Error);
        Assert.Contains("418", ended.Error);

        Server.Intercept = null;
        Server.Reset();
        (await CommandLine.RunAsync(Warm())).WithStatus(0);
        Assert.Equal(["GET u/0.0.0.0"], Server.Log);
    }

    [Fact]
    public async Task What_is_no_dataset_is_refused()
    {
        Directory.CreateDirectory(Path.Combine(Temporary, "empty"));
        Ended ended = (await CommandLine.RunAsync("warm", Path.Combine(Temporary, "empty"), "--store", "x", "--cache", Cache)).WithStatus(2);
        Assert.StartsWith("zarr-cache: The Zarr metadata document", ended.Error, StringComparison.Ordinal);
        ended = (await CommandLine.RunAsync("warm", Path.Combine(Temporary, "none"), "--store", "x", "--cache", Cache)).WithStatus(2);
        Assert.Contains("There is no directory", ended.Error);
    }

    [Theory]
    [InlineData("--max-size", "5xx", "'5xx' is no size; write a number and a unit, such as 50GiB, 500MB or 4096.")]
    [InlineData("--max-size", "0", "--max-size is '0'; it must be at least 1 byte.")]
    [InlineData("--concurrency", "0", "--concurrency is '0'; it must be a number from 1 to 1000.")]
    [InlineData("--concurrency", "many", "--concurrency is 'many'; it must be a number from 1 to 1000.")]
    [InlineData("--policy", "tarot", "Argument 'tarot' not recognized. Must be one of: 'lru' 'fifo' 'lifo'")]
    [InlineData("--select", "w[0]", "names the array 'w'")]
    public async Task A_bad_option_is_refused_in_one_line(string option, string value, string message)
    {
        Ended refused = (await CommandLine.RunAsync(Warm(option, value))).WithStatus(2);
        Assert.Contains(message, refused.Error);
        Assert.StartsWith("zarr-cache: ", refused.Error, StringComparison.Ordinal);
        Assert.Single(refused.Error.Trim().Split('\n'));
        Assert.Empty(refused.Output);
    }

    [Fact]
    public async Task A_bad_store_id_is_refused() =>
        Assert.Contains("The store id '../up' has a segment '.' or '..'", (await CommandLine.RunAsync("warm", Sample, "--store", "../up", "--cache", Cache)).WithStatus(2).Error);

    [Theory]
    [InlineData("/")]
    [InlineData("file")]
    public async Task A_bad_cache_directory_is_refused(string directory)
    {
        if (directory == "file")
        {
            directory = Path.Combine(Temporary, "file");
            await File.WriteAllTextAsync(directory, "", Ct);
        }

        Assert.Contains("give a directory", (await CommandLine.RunAsync("warm", Sample, "--store", "x", "--cache", directory)).WithStatus(2).Error);
    }
}
