using System.Diagnostics;
using Xunit;
using static ZarrCache.Reliability.Watchdog;

namespace ZarrCache.Reliability;

/// <summary>The system lets the cache down while a process works on it: no read fails, none is wrong, and when the fault ends the process caches again.</summary>
public sealed class SystemFaultTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Calls of the process fail, all or every third; <c>openat</c> makes temporary files, <c>openat2</c> opens all others of the chunk storage.</summary>
    [Theory]
    [InlineData("pwrite64", "ENOSPC")]
    [InlineData("pwrite64", "EIO")]
    [InlineData("pwrite64", "EROFS")]
    [InlineData("pread64", "EIO")]
    [InlineData("openat2", "EMFILE")]
    [InlineData("openat2", "EACCES")]
    [InlineData("openat2", "EIO")]
    [InlineData("openat", "EMFILE")]
    [InlineData("openat", "EACCES")]
    [InlineData("renameat", "EIO")]
    [InlineData("renameat", "EROFS")]
    [InlineData("unlinkat", "EIO")]
    [InlineData("unlinkat", "EACCES")]
    [InlineData("mkdirat", "ENOSPC")]
    [InlineData("fallocate", "ENOSPC")]
    [InlineData("fsync,fdatasync", "EIO")]
    [InlineData("ftruncate", "EIO")]
    public async Task A_system_call_that_fails_fails_no_read(string call, string error)
    {
        Needs.Root();
        Needs.Program("strace", "strace");
        foreach (string when in (string[])["1+", "2+3"])
        {
            using var cache = new AbusedCache(Indexes.Sqlite);
            using var child = Child.Start(cache.NextRun() with { Faulty = true });
            await WithinAsync("The child to open the cache", child.WhenOpenAsync);
            using (Process strace = Process.Start(new ProcessStartInfo("strace", ["-f", "-qqq", "-o", "/dev/null", "-e", $"trace={call}", "-e", $"inject={call}:error={error}:when={when}", "-p", child.Id]))!)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, Ct);
                Assert.False(strace.HasExited, "strace could not attach to the process.");
                await Shell.RunAsync("kill", ["-TERM", strace.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)], Ct); // it lets the process go
                await WithinAsync("strace to end", strace.WaitForExitAsync);
            }

            await child.RecoverAsync(Ct);
            Assert.False(await WithinAsync($"The child after {error} of {call}", child.EndAsync));
            await WithinAsync("The check", cache.CheckAsync);
        }
    }

    /// <summary>What others write leaves less than the cache may take: no blocks, or no inodes.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_full_disk_fails_no_read(bool withoutInodes)
    {
        await using Mount disk = await Mount.InMemoryAsync("size=16m,nr_inodes=300");
        using var cache = new AbusedCache(Indexes.Sqlite, disk.Place);
        using var child = Child.Start(cache.NextRun() with { Faulty = true });
        await WithinAsync("The child to open the cache", child.WhenOpenAsync);
        string others = Directory.CreateDirectory(Path.Combine(disk.Place, "others")).FullName;
        var block = new byte[withoutInodes ? 0 : 1 << 20];
        Fill(i => File.WriteAllBytes(Path.Combine(others, $"{i}"), block));
        await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, Ct);
        Directory.Delete(others, recursive: true);
        await child.RecoverAsync(Ct);
        Assert.False(await WithinAsync("The child", child.EndAsync));
        await WithinAsync("The check", cache.CheckAsync);
    }

    private static void Fill(Action<int> write)
    {
        try
        {
            for (int i = 0; i < 1_000_000; i++)
            {
                write(i);
            }
        }
        catch (IOException)
        {
            return; // full
        }

        Assert.Fail("The disk does not fill up.");
    }
}
