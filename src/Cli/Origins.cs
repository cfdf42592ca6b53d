using Microsoft.Extensions.Logging;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Cli;

/// <summary>Opens what stands for ORIGIN on the command line.</summary>
internal static class Origins
{
    /// <exception cref="ArgumentException">It is neither an http(s) URL nor a directory; the message says what to write.</exception>
    public static IZarrStore Open(string origin, int concurrency, ILogger logger)
    {
        if (OriginAddress.IsUrl(origin) && !origin.StartsWith("file://", StringComparison.OrdinalIgnoreCase))
        {
            _ = OriginAddress.Normalize(origin);
            return new HttpZarrStore(new Uri(origin), new HttpZarrStoreOptions { MaxConnections = concurrency, Logger = logger });
        }

        string directory = OriginAddress.Normalize(origin);
        return Directory.Exists(directory)
            ? new FileSystemStore(directory, new FileSystemStoreOptions { ReadOnly = true })
            : throw new ArgumentException($"There is no directory '{directory}'; give an existing one, or a URL such as https://host/data.zarr.");
    }
}
