using System.Diagnostics;
using System.Text.Json.Nodes;
using Xunit;

namespace ZarrCache.Cli.Tests;

/// <summary>Real processes: signals, two at once, and one that is killed.</summary>
public sealed class ProcessTests : CacheTest
{
    private readonly TaskCompletionSource _half = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private protected override IZarrStore Open(IZarrStore sample) =>
        new ThrottledStore(sample, new ThrottledStoreOptions { Latency = TimeSpan.FromMilliseconds(5) });

    [Fact]
    public async Task Ctrl_C_ends_cleanly_and_the_next_run_asks_for_the_rest_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such signal for one process.");
        StopAtHalf();
        using Process warm = CommandLine.Start(Warm("--concurrency", "4"));
        await _half.Task.WaitAsync(Ct);

        // SIGTERM ends it the same way as Ctrl-C's SIGINT, which whoever started the tests may have told them to ignore
        using (Process kill = Process.Start("kill", ["-TERM", warm.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync(Ct);
        }

        Ended ended = (await CommandLine.EndAsync(warm)).WithStatus(130);
        Assert.Contains("Interrupted after", ended.Output);
        Assert.Contains("Run the same command again to go on.", ended.Output);

        await AssertTheRestIsFetchedAsync();
    }

    [Fact]
    public async Task A_killed_process_leaves_a_cache_that_opens_and_goes_on()
    {
        StopAtHalf();
        using Process warm = CommandLine.Start(Warm("--concurrency", "4"));
        await _half.Task.WaitAsync(Ct);
        warm.Kill();
        await warm.WaitForExitAsync(Ct);

        await AssertTheRestIsFetchedAsync();
    }

    [Fact]
    public async Task Two_processes_share_one_cache()
    {
        Process[] both =
        [
            CommandLine.Start(Warm("--prefix", "u/", "--json")),
            CommandLine.Start(["warm", Url, "--store", "other", "--cache", Cache, "--array", "v", "--json"]),
        ];
        foreach (Process process in both)
        {
            (await CommandLine.EndAsync(process)).WithStatus(0);
            process.Dispose();
        }

        JsonNode stats = (await CommandLine.RunAsync("stats", "--cache", Cache, "--json")).WithStatus(0).Json;
        Assert.Equal(["era", "other"], stats["stores"]!.AsArray().Select(store => (string)store!["store"]!));
        Assert.All(stats["stores"]!.AsArray(), store => Assert.Equal(Url.TrimEnd('/'), (string)store!["origin"]!));
        (await CommandLine.RunAsync("verify", "--cache", Cache)).WithStatus(0);
    }

    [Fact]
    public async Task The_demo_shows_what_it_promises()
    {
        using Process process = CommandLine.Start("demo", "--json");
        JsonNode demo = (await CommandLine.EndAsync(process)).WithStatus(0).Json;
        Assert.Equal(0, (int)demo["wrong"]!);
        JsonNode[] passes = [.. demo["passes"]!.AsArray().Select(pass => pass!)];
        Assert.Equal(5, passes.Length);
        Assert.All(passes, pass => Assert.Equal(SampleKeys, (int)pass["keys"]!));
        Assert.InRange((int)passes[0]["originRequests"]!, SampleKeys, SampleKeys + 5);
        Assert.Equal([0, 0], passes[1..3].Select(pass => (int)pass["originRequests"]!));
        Assert.All(passes[1..3], pass => Assert.True((int)pass["hits"]! >= SampleKeys && (int)pass["absentHits"]! >= 1));
        Assert.All(passes[3..], pass => Assert.InRange((long)pass["allocatedBytes"]!, 1, (long)pass["maxSize"]!));
        Assert.InRange((int)passes[4]["originRequests"]!, 1, SampleKeys - 1);

        JsonNode[] shards = [.. demo["shardedPasses"]!.AsArray().Select(pass => pass!)];
        Assert.Equal(3, shards.Length);
        Assert.InRange((int)shards[0]["originRequests"]!, 300, 1000);
        Assert.Equal([0, 0], shards[1..].Select(pass => (int)pass["originRequests"]!));
        Assert.All(shards, pass => Assert.Equal((long)shards[0]["originBytes"]!, (long)pass["bytes"]!));
    }

    /// <summary>Half of the requests are answered, the others wait for ever: however slow the machine is, the process ends in the middle of its work.</summary>
    private void StopAtHalf()
    {
        int requests = 0;
        Server.Intercept = async (context, answer) =>
        {
            if (Interlocked.Increment(ref requests) > SampleKeys / 2)
            {
                _half.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
            }

            await answer(context);
        };
    }

    private async Task AssertTheRestIsFetchedAsync()
    {
        Server.Intercept = null;
        HashSet<string> values = await ListKeysAsync();
        HashSet<string> absences = await ListKeysAsync("absent");
        Assert.InRange(values.Count, 1, SampleKeys - 1);

        Server.Reset();
        (await CommandLine.RunAsync(Warm())).WithStatus(0);
        string[] asked = [.. Server.Log.Select(request => request.Split(' ')[1])];
        Assert.Equal(asked.Distinct(), asked);
        Assert.Empty(asked.Intersect(values.Concat(absences)));
        Assert.Equal(SampleKeys, values.Union(asked.Where(key => File.Exists(Path.Combine(Sample, key)))).Count());
        (await CommandLine.RunAsync("verify", "--cache", Cache, "--complete", "era")).WithStatus(0);
    }
}
