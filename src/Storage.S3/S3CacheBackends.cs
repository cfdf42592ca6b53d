namespace ZarrCache.Storage.S3;

/// <summary>Makes the storage known to cache directories.</summary>
public static class S3CacheBackends
{
    /// <summary>
    /// Adds storage patterns such as <c>s3://bucket/cache/{store_id}.zarr</c>, with what <see cref="S3Address"/> allows in a query: it is
    /// written to the manifest, which therefore never holds a secret. Credentials come from the environment or the profile.
    /// </summary>
    public static CacheBackends AddS3(this CacheBackends backends)
    {
        ArgumentNullException.ThrowIfNull(backends);
        return backends.AddStorage(S3Address.Scheme, (pattern, context) => S3ZarrStore.Opener(pattern, S3StoreOptions.ForChunks(context.Time, context.Logger)));
    }
}
