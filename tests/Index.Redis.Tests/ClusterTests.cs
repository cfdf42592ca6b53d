using System.Net;
using StackExchange.Redis;
using Xunit;

namespace ZarrCache.Index.Redis.Tests;

/// <summary>A Redis Cluster of one node, which refuses a script whose keys are not all of one slot as any other does.</summary>
public sealed class ClusterTests(Servers servers) : IndexTest(servers)
{
    [Fact]
    public async Task All_keys_of_a_cache_lie_in_one_slot()
    {
        await using RedisProcess server = await RequiredRedis.StartAsync("--cluster-enabled", "yes");
        await using ConnectionMultiplexer connection = await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions { EndPoints = { { "127.0.0.1", server.Port } }, AllowAdmin = true });
        IServer node = connection.GetServer(IPAddress.Loopback, server.Port);
        await node.ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
        while (!((string?)await node.ExecuteAsync("CLUSTER", "INFO"))!.Contains("cluster_state:ok", StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Ct);
        }

        await using RedisStoreIndex index = await RedisStoreIndex.OpenAsync(server.Address, new() { Policy = EvictionPolicy.Gdsf }, Ct);
        await index.PushManyAsync(Enumerable.Range(0, 100).Select(i => Value($"u/{i}", $"store {i % 3}")).ToArray(), Ct);
        await index.PushAsync(Absent("v/0", "store 1"), Ct);
        await index.PushAsync(Value("w") with { Kind = EntryKind.Part, Offset = 50, ObjectSize = 1000 }, Ct);
        await index.PinAsync(new Pin("store 2", "u/"), Ct);
        await index.MarkAsync(At("u/0", "store 0"), DateTimeOffset.UnixEpoch, Ct);
        await index.FlushAsync(Ct);
        Assert.Equal(1, await index.TakeLeaseAsync(At("u/100", "store 1"), 1, Ct));
        Assert.Single(await index.FindPartsAsync("s", "w", 0, 1000, Ct));
        Assert.Equal(10, (await index.PopAsync(new PopRequest(Count: 10), Ct)).Count);
        await AssertTotalsExactAsync(index);

        List<string> keys = [];
        await foreach (RedisKey key in node.KeysAsync())
        {
            keys.Add(key!);
        }

        Assert.True(keys.Count > 15, string.Join('\n', keys));
        Assert.All(keys, key => Assert.StartsWith("{zarrcache}:", key, StringComparison.Ordinal));
        long[] slots = [.. (await Task.WhenAll(keys.Select(key => node.ExecuteAsync("CLUSTER", "KEYSLOT", key)))).Select(slot => (long)slot)];
        Assert.Single(slots.Distinct());
    }
}
