using Xunit;
using ZarrCache.Conformance;

namespace ZarrCache.Storage.FileSystem.Tests;

/// <summary>On a small file system in memory, which only root can mount.</summary>
public sealed class FullDiskTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private string? _mounted;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_mounted is not null)
        {
            await Shell.RunAsync("umount", [_mounted], CancellationToken.None);
        }

        _directory.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_full_disk_fails_the_set_and_keeps_what_was_there(bool portable)
    {
        await MountAsync("size=1m");
        await using var store = new FileSystemStore(_directory.At("m", "s"), new() { Portable = portable });
        await store.SetAsync("u/k", new byte[1000], Ct);
        var error = await Assert.ThrowsAsync<StoreException>(async () => await store.SetAsync("u/k", new byte[2 << 20], Ct));
        Assert.Contains(portable ? "disk was full" : "No space left", error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("'u/k'", error.Message, StringComparison.Ordinal);
        Assert.IsAssignableFrom<IOException>(error.InnerException);
        Assert.Equal(["s", "s/u", "s/u/k"], _directory.Entries("m"));
        Assert.Equal(1000, (await store.GetInfoAsync("u/k", Ct))!.Value.Size);
        await store.SetAsync("u/k", new byte[2000], Ct);
        Assert.Equal(2000, (await store.GetInfoAsync("u/k", Ct))!.Value.Size);
    }

    [Fact]
    public async Task A_disk_without_inodes_fails_the_set()
    {
        await MountAsync("size=1m,nr_inodes=6");
        await using var store = new FileSystemStore(_directory.At("m", "s"));
        var error = await Assert.ThrowsAsync<StoreException>(async () =>
        {
            for (int i = 0; i < 10; i++)
            {
                await store.SetAsync($"u/{i}", new byte[1], Ct);
            }
        });
        Assert.Contains("No space left", error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.True(await store.EraseAsync("u/0", Ct));
        await store.SetAsync("u/9", new byte[1], Ct);
    }

    [Fact]
    public async Task A_read_only_file_system_is_read_and_refuses_writes()
    {
        await MountAsync("size=1m");
        StoreOpener opener = FileSystemStore.Opener(_directory.At("m", "{store_id}.zarr"));
        await using (IChunkStore store = opener.Open("s"))
        {
            await store.SetAsync("k", new byte[] { 1 }, Ct);
        }

        await Shell.RunAsync("mount", ["-o", "remount,ro", _mounted!], Ct);
        StoreOpener again = FileSystemStore.Opener(_directory.At("m", "{store_id}.zarr"));
        await using IChunkStore reopened = again.Open("s");
        Assert.Equal([1], await reopened.GetBytesAsync("k", ct: Ct));
        Assert.Contains("Read-only", (await Assert.ThrowsAsync<StoreException>(async () => await reopened.SetAsync("k", new byte[1], Ct))).Message, StringComparison.OrdinalIgnoreCase);
        await Assert.ThrowsAsync<StoreException>(async () => await reopened.EraseAsync("k", Ct));
        Assert.Equal(["s"], await again.ListStoresAsync(Ct).ToListAsync(Ct));
        Assert.Contains("cannot be used", Assert.Throws<StoreException>(() => new FileSystemStore(_directory.At("m", "new"))).Message, StringComparison.Ordinal);
    }

    private async Task MountAsync(string options)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Mounting a small file system takes root on Linux.");
        string place = Directory.CreateDirectory(_directory.At("m")).FullName;
        try
        {
            await Shell.RunAsync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", place], Ct);
        }
        catch (InvalidOperationException e)
        {
            Assert.Skip($"This container may not mount: {e.Message}");
        }

        _mounted = place;
    }
}
