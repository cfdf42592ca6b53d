using System.Diagnostics;
using System.Globalization;
using Xunit;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Index.Faster.Tests;

/// <summary>A process that uses a cache is killed a hundred times while it pushes, pops, deletes and makes checkpoints.</summary>
public sealed class KillTests : IndexTest
{
    private const int Kills = 100;

    [Fact]
    public async Task A_killed_process_leaves_an_index_that_opens_whose_totals_match_and_whose_entries_have_their_files()
    {
        var random = new Random(5);
        for (int kill = 0; kill < Kills; kill++)
        {
            await RunAndKillAsync(seed: kill, lines: random.Next(1, 60));
            await using FasterStoreIndex index = Open();
            Assert.NotEqual(IndexCondition.Clean, index.Condition);
            await AssertTotalsExactAsync(index);
            await using var storage = new IndexedCacheStorage(index, FileSystemStore.Opener(Temporary["{store_id}.zarr"]), maxSize: 4096 * 150);
            await storage.SweepCompletion;
            CacheCheckReport report = await storage.CheckAsync(new CacheCheckOptions(), null, Ct);
            Assert.Equal((0, 0, 0), (report.Dangling, report.Corrupt, report.Unreadable));
            await AssertTotalsExactAsync(index);
        }

        await using FasterStoreIndex last = Open();
        Assert.InRange((await last.GetTotalsAsync(null, Ct)).Count, 50, 800);
    }

    private async Task RunAndKillAsync(int seed, int lines)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "ZarrCache.Index.Faster.Child.dll");
        string host = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        using Process child = Process.Start(new ProcessStartInfo(host, [program, Temporary.Path, seed.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true })!;
        for (int i = 0; i < lines; i++)
        {
            Assert.True(await child.StandardOutput.ReadLineAsync(Ct) is not null, "It ended by itself.");
        }

        child.Kill(); // SIGKILL
        await child.WaitForExitAsync(Ct);
    }
}
