using Xunit;
using static ZarrCache.Reliability.Watchdog;

namespace ZarrCache.Reliability;

/// <summary>The power goes in the middle of work: the file system under the cache is shut down, and what it had not written is lost.</summary>
public sealed class PowerCutTests(ITestOutputHelper output)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("xfs", Indexes.Sqlite)]
    [InlineData("xfs", Indexes.Faster)]
    [InlineData("ext4", Indexes.Sqlite)]
    [InlineData("ext4", Indexes.Faster)]
    public async Task A_cache_whose_power_was_cut_serves_no_wrong_byte_and_matches_its_disk(string type, string index)
    {
        Needs.Program("xfs_io", "xfsprogs");
        Needs.Program("mkfs." + type, type == "xfs" ? "xfsprogs" : "e2fsprogs");
        string[] make = type == "xfs" ? ["mkfs.xfs", "-q"] : ["mkfs.ext4", "-q"];
        await using Mount disk = await Mount.OnLoopDeviceAsync(type, "loop", make, 320L << 20);
        using var cache = new AbusedCache(index, disk.Place);
        var random = new Random(5);
        int cuts = Counts.PowerCuts;
        for (int run = 1; run <= cuts; run++)
        {
            using (var child = Child.Start(cache.NextRun() with { Faulty = true }))
            {
                await WithinAsync("The child to open the cache", child.WhenOpenAsync);
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(400)), TimeProvider.System, Ct);
                await disk.CutPowerAsync(flushLog: run % 3 == 0);
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Ct); // with the disk gone, reads still get their bytes
                child.Kill();
                await WithinAsync("The killed child to end", child.EndAsync);
            }

            await disk.MountAgainAsync();
            await WithinAsync("The check", ct => cache.CheckAsync(MayBeLeft.LostBytes, ct));
        }

        output.WriteLine($"{cuts} power cuts of {type} under {index}; {cache}");
    }
}
