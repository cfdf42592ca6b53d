using System.Globalization;
using StackExchange.Redis;
using ZarrCache.Benchmarks.S3;
using ZarrCache.Index.Redis.Tests;
using ZarrCache.Storage.S3.Tests;

namespace ZarrCache.Benchmarks.Suite;

/// <summary>The servers that back ends talk to, on this machine: started when they are first asked for, all benchmarks of a back end share one.</summary>
internal static class LoopbackServers
{
    private static RedisProcess? _redis;
    private static Radosgw? _radosgw;
    private static BenchmarkBucket? _bucket;

    /// <summary>A redis-server without persistence.</summary>
    public static async ValueTask<RedisProcess> GetRedisAsync() => _redis ??= await RedisProcess.StartAsync([], CancellationToken.None);

    /// <summary>An empty bucket on a radosgw that keeps its objects in memory.</summary>
    public static async ValueTask<BenchmarkBucket> GetBucketAsync()
    {
        if (_bucket is null)
        {
            _radosgw = await Radosgw.StartAsync(CancellationToken.None);
            _bucket = new BenchmarkBucket(_radosgw.Endpoint);
            await _bucket.CreateAsync();
        }

        return _bucket;
    }

    /// <summary>Bytes that Redis has taken from the system; 0 if it does not run.</summary>
    public static async Task<long> GetRedisMemoryAsync()
    {
        if (_redis is null)
        {
            return 0;
        }

        await using ConnectionMultiplexer connection = await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions { EndPoints = { { "127.0.0.1", _redis.Port } }, AllowAdmin = true });
        var memory = (await connection.GetServers()[0].InfoAsync("memory"))[0];
        return long.Parse(memory.First(line => line.Key == "used_memory_rss").Value, CultureInfo.InvariantCulture);
    }

    /// <summary>Ends those that run, with all that they hold.</summary>
    public static async Task CloseAsync()
    {
        (RedisProcess? redis, BenchmarkBucket? bucket, Radosgw? radosgw) = (_redis, _bucket, _radosgw);
        (_redis, _bucket, _radosgw) = (null, null, null);
        foreach (IAsyncDisposable? one in (IAsyncDisposable?[])[redis, bucket, radosgw])
        {
            if (one is not null)
            {
                await one.DisposeAsync();
            }
        }
    }
}
