using BitFaster.Caching.Lru;

namespace ZarrCache.Peers.Clients;

/// <summary>BitFaster's concurrent LRU: values in memory, copied in and out, bounded by their number.</summary>
internal sealed class BitFasterClient : PeerClient
{
    private readonly ConcurrentLru<string, byte[]> _cache = new(1_000_000);

    public static Task<IPeerClient> OpenAsync(string directory) => Task.FromResult<IPeerClient>(new BitFasterClient());

    public override ValueTask SetAsync(string key, byte[] value)
    {
        _cache.AddOrUpdate(key, [.. value]);
        return ValueTask.CompletedTask;
    }

    public override ValueTask<int> GetAsync(string key) => new(_cache.TryGet(key, out byte[]? value) ? Take(value) : -1);

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
