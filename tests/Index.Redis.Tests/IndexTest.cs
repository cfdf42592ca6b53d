using Xunit;

namespace ZarrCache.Index.Redis.Tests;

/// <summary>What the tests of the Redis index share: a prefix of one's own on the common redis-server, and entries.</summary>
public abstract class IndexTest(Servers servers)
{
    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    protected string Prefix { get; } = Guid.NewGuid().ToString("N");

    protected async Task<RedisStoreIndex> OpenAsync(RedisStoreIndexOptions? options = null, ServerKind kind = ServerKind.Redis) =>
        await RedisStoreIndex.OpenAsync(await servers.GetAddressAsync(kind), (options ?? new RedisStoreIndexOptions()) with { Prefix = Prefix }, Ct);

    protected static IndexEntry Value(string key, string store = "s", long size = 100) => new()
    {
        StoreId = store,
        Key = key,
        Size = size,
        AllocatedSize = size,
        ObjectSize = size,
        Version = EntryVersion.Next(),
    };

    protected static IndexEntry Absent(string key, string store = "s") => Value(key, store, 0) with { Kind = EntryKind.Absent };

    protected static EntryKey At(string key, string store = "s") => new(store, key);

    protected static async Task<string[]> PopKeysAsync(IStoreIndex index, long count = 1000) =>
        [.. (await index.PopAsync(new PopRequest(Count: count), Ct)).Select(entry => entry.Key)];

    protected static async Task AssertTotalsExactAsync(IStoreIndex index)
    {
        IndexTotals sum = default;
        await foreach (IndexEntry entry in index.EnumerateAsync(default, Ct))
        {
            sum += IndexTotals.Of(entry);
        }

        Assert.Equal(sum, await index.GetTotalsAsync(null, Ct));
    }
}
