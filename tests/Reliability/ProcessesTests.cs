using Xunit;
using static ZarrCache.Reliability.Watchdog;

namespace ZarrCache.Reliability;

/// <summary>Several processes on one cache, and processes that find the index of another.</summary>
public sealed class ProcessesTests(ITestOutputHelper output)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Four_processes_share_a_cache_and_one_of_them_is_killed()
    {
        using var cache = new AbusedCache(Indexes.Sqlite);
        var random = new Random(6);
        for (int round = 1; round <= Counts.Rounds; round++)
        {
            Child[] children = [.. Enumerable.Range(0, 4).Select(i => Child.Start(cache.NextRun() with { Shared = true, Steps = i == 0 ? 1_000_000 : 400 }))];
            try
            {
                foreach (Child child in children)
                {
                    await WithinAsync("A child to open the cache", child.WhenOpenAsync);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(300)), TimeProvider.System, Ct);
                children[0].Kill();
                foreach (Child child in children)
                {
                    Assert.Equal(child == children[0], await WithinAsync("A child to end", child.EndAsync));
                }
            }
            finally
            {
                foreach (Child child in children)
                {
                    child.Dispose();
                }
            }

            await WithinAsync("The check", cache.CheckAsync);
        }

        output.WriteLine($"{Counts.Rounds} rounds; {cache}");
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("truncated")]
    [InlineData("zeroed")]
    [InlineData("older")]
    public async Task An_index_that_is_not_that_of_its_files_makes_no_wrong_byte(string fault)
    {
        using var cache = new AbusedCache(Indexes.Sqlite);
        await WorkAsync(cache);
        string file = Path.Combine(cache.Root, "index.db");
        string backup = file + ".kept";
        File.Copy(file, backup);
        await WorkAsync(cache);
        switch (fault)
        {
            case "missing":
                File.Delete(file);
                break;
            case "truncated":
                File.WriteAllBytes(file, File.ReadAllBytes(file)[..(int)(new FileInfo(file).Length / 2)]);
                break;
            case "zeroed":
                File.WriteAllBytes(file, new byte[new FileInfo(file).Length]);
                break;
            default:
                File.Copy(backup, file, overwrite: true);
                break;
        }

        File.Delete(backup);
        await WithinAsync("The check", ct => cache.CheckAsync(fault == "older" ? MayBeLeft.Anything : MayBeLeft.Nothing, ct));
    }

    private static async Task WorkAsync(AbusedCache cache)
    {
        using var child = Child.Start(cache.NextRun() with { Steps = 300 });
        Assert.False(await WithinAsync("The child", child.EndAsync));
    }
}
