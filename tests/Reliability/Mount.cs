using Xunit;

namespace ZarrCache.Reliability;

/// <summary>A small file system of its own, in memory or in a file on a loop device, that is gone with the test however it ends.</summary>
internal sealed class Mount : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("zarrcache-mount-").FullName;
    private readonly string[] _mount;

    private Mount(string type, string options)
    {
        _mount = ["-t", type, "-o", options, type == "tmpfs" ? "tmpfs" : Image, Place];
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public string Place => Path.Combine(_directory, "place");

    /// <summary>The loop device.</summary>
    public string Device => File.ReadLines("/proc/mounts").Select(line => line.Split(' ')).First(fields => fields[1] == Place)[0];

    private string Image => Path.Combine(_directory, "image");

    /// <summary>Skips the test, or fails it where that is asked for, if this machine cannot mount it.</summary>
    public static async Task<Mount> InMemoryAsync(string options)
    {
        Needs.Root();
        var mount = new Mount("tmpfs", options);
        Directory.CreateDirectory(mount.Place);
        return await mount.BeginAsync();
    }

    /// <inheritdoc cref="InMemoryAsync"/>
    public static async Task<Mount> OnLoopDeviceAsync(string type, string options, string[] make, long size)
    {
        Needs.Root();
        var mount = new Mount(type, options);
        Directory.CreateDirectory(mount.Place);
        await using (FileStream image = File.Create(mount.Image))
        {
            image.SetLength(size);
        }

        await Shell.RunAsync(make[0], [.. make[1..], mount.Image], Ct);
        return await mount.BeginAsync();
    }

    /// <summary>As a power cut: what was not written to the device is lost. With <paramref name="flushLog"/>, what the log of the file system knows is not.</summary>
    public Task CutPowerAsync(bool flushLog) => Shell.RunAsync("xfs_io", ["-x", "-c", flushLog ? "shutdown -f" : "shutdown", Place], Ct);

    /// <summary>The power is back.</summary>
    public async Task MountAgainAsync()
    {
        if (await Shell.TryAsync("umount", [Place], Ct) is { } error)
        {
            throw new InvalidOperationException($"{error} In use: {string.Join(", ", FilesInUse())}.");
        }

        await Shell.RunAsync("mount", _mount, Ct);
    }

    public async ValueTask DisposeAsync()
    {
        if (await Shell.TryAsync("umount", [Place], CancellationToken.None) is not null)
        {
            await Shell.TryAsync("umount", ["-l", Place], CancellationToken.None);
        }

        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Who has which file or directory of it open, or in memory.</summary>
    private IEnumerable<string> FilesInUse()
    {
        foreach (string process in Directory.GetDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            string[] files;
            try
            {
                files = [.. Directory.GetFileSystemEntries(Path.Combine(process, "fd")).Select(file => new FileInfo(file).LinkTarget ?? ""), .. File.ReadLines(Path.Combine(process, "maps"))];
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue; // it has ended
            }

            foreach (string file in files.Where(file => file.Contains(Place, StringComparison.Ordinal)))
            {
                yield return $"{Path.GetFileName(process)} {file}";
            }
        }
    }

    private async Task<Mount> BeginAsync()
    {
        if (await Shell.TryAsync("mount", _mount, Ct) is { } error)
        {
            Directory.Delete(_directory, recursive: true);
            Needs.Require(false, $"This machine may not mount: {error}");
        }

        return this;
    }
}
