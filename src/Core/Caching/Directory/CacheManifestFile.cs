using System.Text.Json;

namespace ZarrCache;

/// <summary>
/// The manifest on disk. It is replaced by a rename, so that a reader needs no lock and never sees half of it; whoever
/// changes it holds <c>zarr-cache.lock</c> for the time of read, change and write, so that of two processes that add a
/// store neither loses the other's. The operating system lets go of the lock of a process that was killed.
/// </summary>
internal sealed class CacheManifestFile(string directory, TimeProvider time)
{
    public const string FileName = "zarr-cache.json";
    private const string LockName = "zarr-cache.lock";
    private const string TemporaryName = "zarr-cache.tmp";

    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(10);

    /// <summary>Names in a cache directory that do not make it somebody else's directory: a second process may be making the same cache.</summary>
    public static IReadOnlyList<string> OwnNames { get; } = [FileName, LockName, TemporaryName];

    public string FullPath { get; } = Path.Combine(directory, FileName);

    /// <summary>The manifest, or null if there is none.</summary>
    /// <exception cref="CacheFormatException">It is damaged, or from a newer version.</exception>
    public async ValueTask<CacheManifest?> ReadAsync(CancellationToken ct)
    {
        byte[] json;
        try
        {
            // A reader that denies deletion would keep a writer on Windows from its rename.
            var file = new FileStream(FullPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, useAsync: false);
            await using (file.ConfigureAwait(false))
            {
                json = new byte[file.Length];
                await file.ReadExactlyAsync(json, ct).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        return Parse(json);
    }

    /// <summary>Changes the manifest under the lock.</summary>
    /// <param name="change">Gives the new manifest for the one on disk (null if there is none); what it throws leaves all as it was. The same instance: nothing is written.</param>
    /// <param name="ct">Gives up.</param>
    public async ValueTask<CacheManifest> UpdateAsync(Func<CacheManifest?, CacheManifest> change, CancellationToken ct)
    {
        FileStream held = await LockAsync(ct).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            CacheManifest? old = await ReadAsync(ct).ConfigureAwait(false);
            CacheManifest changed = change(old);
            if (!ReferenceEquals(old, changed))
            {
                Write(changed);
            }

            return changed;
        }
    }

    /// <summary>Durable, unlike a chunk: a cache without its manifest is none.</summary>
    private void Write(CacheManifest manifest)
    {
        string temporary = Path.Combine(directory, TemporaryName);
        using (FileStream file = Create(temporary, FileMode.Create))
        {
            JsonSerializer.Serialize(file, manifest, CacheManifestJson.Default.CacheManifest);
            file.WriteByte((byte)'\n');
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, FullPath, overwrite: true);
    }

    private async ValueTask<FileStream> LockAsync(CancellationToken ct)
    {
        string path = Path.Combine(directory, LockName);
        long start = time.GetTimestamp();
        while (true)
        {
            try
            {
                return Create(path, FileMode.OpenOrCreate);
            }
            catch (IOException e) when (IsHeld(e))
            {
                if (time.GetElapsedTime(start) > LockPatience)
                {
                    throw new ZarrCacheException($"Another process has held '{path}' for {LockPatience.TotalSeconds:0} seconds; end it and try again.", e);
                }
            }

            await Task.Delay(LockPoll, time, ct).ConfigureAwait(false);
        }
    }

    /// <summary>Whether another process has the file open: EAGAIN of Linux and of macOS, Windows' sharing violation. A read-only or full disk is not waited for.</summary>
    private static bool IsHeld(IOException exception) => (exception.HResult & 0xFFFF) is 11 or 35 or 32;

    /// <summary>A file for its owner only, that no other process opens meanwhile.</summary>
    private static FileStream Create(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    private CacheManifest Parse(byte[] json)
    {
        try
        {
            // The version comes first: what a newer version writes need not fit this one's members.
            using (JsonDocument document = JsonDocument.Parse(json))
            {
                int version = document.RootElement.GetProperty("version").GetInt32();
                if (version > CacheManifest.CurrentVersion)
                {
                    throw new CacheFormatException(
                        $"The cache manifest '{FullPath}' has version {version}, made by a newer ZarrCache; this one reads up to version {CacheManifest.CurrentVersion}. Upgrade, or use another cache directory.");
                }
            }

            CacheManifest manifest = JsonSerializer.Deserialize(json, CacheManifestJson.Default.CacheManifest) ?? throw new JsonException("It is null.");
            return manifest.MaxSize > 0 ? manifest : throw new JsonException($"Its maxSize is {manifest.MaxSize}.");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CacheFormatException(
                $"The cache manifest '{FullPath}' is damaged ({e.Message}); restore it, or delete the cache directory and start afresh: all it held can be fetched again.", e);
        }
    }
}
