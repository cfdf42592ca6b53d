using Microsoft.Extensions.Logging;
using ZarrCache.Storage.FileSystem;
using ZarrCache.Storage.S3;

namespace ZarrCache.Cli;

/// <summary>Opens what stands for ORIGIN on the command line.</summary>
internal static class Origins
{
    /// <returns>The origin, and its address as the manifest may have it.</returns>
    /// <exception cref="ArgumentException">It is neither an http(s) or s3 URL nor a directory; the message says what to write.</exception>
    public static (IZarrStore Origin, string Address) Open(string origin, int concurrency, ILogger logger, bool allowRedirectsToOtherHosts = false)
    {
        if (S3Address.IsOne(origin))
        {
            var bucket = new S3ZarrStore(origin, new S3StoreOptions { ReadOnly = true, MaxConnections = concurrency, Logger = logger });
            return (bucket, bucket.Address);
        }

        if (OriginAddress.IsUrl(origin) && !origin.StartsWith("file://", StringComparison.OrdinalIgnoreCase))
        {
            _ = OriginAddress.Normalize(origin);
            return (new HttpZarrStore(new Uri(origin), new HttpZarrStoreOptions { MaxConnections = concurrency, Logger = logger, AllowRedirectsToOtherHosts = allowRedirectsToOtherHosts }), origin);
        }

        string directory = OriginAddress.Normalize(origin);
        return Directory.Exists(directory)
            ? (new FileSystemStore(directory, new FileSystemStoreOptions { ReadOnly = true }), directory)
            : throw new ArgumentException($"There is no directory '{directory}'; give an existing one, or a URL such as https://host/data.zarr or s3://bucket/data.zarr.");
    }
}
