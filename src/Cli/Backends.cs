using ZarrCache.Index.Faster;
using ZarrCache.Index.Redis;
using ZarrCache.Index.Sqlite;
using ZarrCache.Storage.FileSystem;
using ZarrCache.Storage.S3;

namespace ZarrCache.Cli;

/// <summary>The back ends that the tool brings along.</summary>
internal static class Backends
{
    public static CacheBackends Create() => new CacheBackends().AddSqlite().AddFaster().AddRedis().AddFileSystem().AddS3();
}
