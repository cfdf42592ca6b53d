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

    /// <summary>The stores are on a file system of their own, which is mounted anew to be read only and then to be written to again, under the process that works on it.</summary>
    [Fact]
    public async Task Stores_that_become_read_only_fail_no_read()
    {
        await using Mount disk = await Mount.InMemoryAsync("size=16m");
        using var cache = new AbusedCache(Indexes.Sqlite, disk.Place);
        string[] stores = [.. Workload.Stores.Select(storeId => Directory.CreateDirectory(Path.Combine(cache.Root, storeId + ".zarr")).FullName)];
        foreach (string store in stores)
        {
            await Shell.RunAsync("mount", ["--bind", store, store], Ct);
        }

        try
        {
            using var child = Child.Start(cache.NextRun() with { Faulty = true });
            await WithinAsync("The child to open the cache", child.WhenOpenAsync);
            foreach (string mode in (string[])["ro", "rw"])
            {
                foreach (string store in stores)
                {
                    await WithinAsync($"Mounting '{store}' anew", ct => MountAnewAsync(store, mode, ct));
                }

                await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, Ct);
            }

            await child.RecoverAsync(Ct);
            Assert.False(await WithinAsync("The child", child.EndAsync));
            await WithinAsync("The check", cache.CheckAsync);
        }
        finally
        {
            foreach (string store in stores)
            {
                await Shell.TryAsync("umount", [store], CancellationToken.None);
            }
        }
    }

    /// <summary>A fault of the file system, after which it is read only under all open files, those of the index too. The process reads on; the next one finds a cache that is whole.</summary>
    [Theory]
    [InlineData(Indexes.Sqlite)]
    [InlineData(Indexes.Faster)]
    public async Task A_file_system_that_turns_read_only_fails_no_read(string index)
    {
        Needs.Program("mkfs.ext4", "e2fsprogs");
        await using Mount disk = await Mount.OnLoopDeviceAsync("ext4", "loop,errors=remount-ro", ["mkfs.ext4", "-q"], 64L << 20);
        using var cache = new AbusedCache(index, disk.Place);
        using (var child = Child.Start(cache.NextRun() with { Faulty = true }))
        {
            await WithinAsync("The child to open the cache", child.WhenOpenAsync);
            await File.WriteAllTextAsync($"/sys/fs/ext4/{Path.GetFileName(disk.Device)}/trigger_fs_error", "a test", Ct);
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, Ct);
            child.Kill();
            Assert.True(await WithinAsync("The killed child to end", child.EndAsync), "It had ended before.");
        }

        await disk.MountAgainAsync();
        await WithinAsync("The check", ct => cache.CheckAsync(MayBeLeft.LostBytes, ct));
    }

    /// <summary>It is refused while a file is open to be written to.</summary>
    private static async Task MountAnewAsync(string place, string mode, CancellationToken ct)
    {
        while (await Shell.TryAsync("mount", ["-o", $"remount,bind,{mode}", place], ct) is not null)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, ct);
        }
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
