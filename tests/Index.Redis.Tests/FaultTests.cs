using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;
using Xunit;

namespace ZarrCache.Index.Redis.Tests;

/// <summary>What readers of a cache meet when its server is stopped, gone, without its data or without memory.</summary>
public sealed class FaultTests : IDisposable
{
    /// <summary>Ends what hangs; nothing asserts on it.</summary>
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private readonly string _directory = Directory.CreateTempSubdirectory("zarrcache-redis-").FullName;
    private readonly CountingOrigin _origin = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_server_that_stands_still_is_asked_by_the_first_read_and_by_no_later_one()
    {
        await using RedisProcess server = await RequiredRedis.StartAsync();
        await using (Node writer = await Node.OpenAsync(server, _origin, _directory))
        {
            await writer.ReadAsync(Keys("u", 20));
        }

        // Its patience ends, and it asks again, when the test says so; with no room for anything it writes nothing, so that every command is a read's.
        var time = new FakeTimeProvider();
        await using Node node = await Node.OpenAsync(
            server, _origin, _directory, new IndexedCacheStorageOptions { MaxSize = 1, TimeProvider = time, SweepWhenUnclean = false }, new() { MarkFlushInterval = TimeSpan.FromDays(1) });
        Assert.Equal(0, await node.CountRequestsAsync(Keys("u", 20)));

        await server.PauseAsync(Ct);
        Task<int> first = node.CountRequestsAsync(Keys("u", 5));
        await UntilAsync("the first reads to be served", first, () => time.Advance(TimeSpan.FromMilliseconds(50)));
        Assert.Equal(5, await first);
        long asked = node.Commands;
        Assert.Equal(20, await node.CountRequestsAsync(Keys("u", 20)));
        Assert.InRange(node.Commands - asked, 0, 5); // signs of life of the connection
        Assert.Single(node.Log, line => line.Contains("reads go to the origin until it does", StringComparison.Ordinal));

        await server.ResumeAsync(Ct);
        await UntilAsync("the server to be asked again", () => Task.FromResult(node.Log.Contains("The index answers again.")), () => time.Advance(TimeSpan.FromMilliseconds(250)));
        Assert.Equal(0, await node.CountRequestsAsync(Keys("u", 20)));
    }

    [Fact]
    public async Task Reads_return_while_the_server_stands_still_and_caching_goes_on_afterwards()
    {
        await using RedisProcess server = await RequiredRedis.StartAsync();
        await using Node node = await Node.OpenAsync(server, _origin, _directory);
        await node.ReadAsync(Keys("old", 20));
        await node.Storage.FlushAsync(Ct);
        await server.PauseAsync(Ct);
        await WithinAsync("reads", () => node.ReadAsync([.. Keys("old", 20), .. Keys("new", 20)])); // and only then goes it on
        await server.ResumeAsync(Ct);
        string[] all = [.. Keys("old", 20), .. Keys("new", 20)];
        await UntilAsync("all to be cached again", () => node.HasAsync(all));
        await node.AssertConsistentAsync(40);
    }

    [Fact]
    public async Task That_a_server_is_gone_is_told_once_and_not_with_every_read()
    {
        await using RedisProcess server = await RequiredRedis.StartAsync();
        await using Node node = await Node.OpenAsync(server, _origin, _directory, Node.Patient);
        await node.ReadAsync(Keys("u", 5));
        await server.KillAsync(Ct);
        await node.ReadAsync(Keys("u", 50));
        await node.ReadAsync(Keys("v", 50));
        await UntilAsync("what was read to be given up", () => Task.FromResult(node.Storage.Counters.WriteFailures > 0));
        Assert.Equal(1, node.Log.Count(line => line.Contains("reads go to the origin until it does", StringComparison.Ordinal)));
        Assert.DoesNotContain(node.Log, line => line.Contains("could not answer", StringComparison.Ordinal) || line.Contains("could not be cached", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_cache_is_closed_while_its_server_stands_still()
    {
        await using RedisProcess server = await RequiredRedis.StartAsync();
        Node node = await Node.OpenAsync(server, _origin, _directory);
        await node.ReadAsync(Keys("u", 3));
        await server.PauseAsync(Ct);
        await WithinAsync("closing", () => node.DisposeAsync().AsTask());
        await server.ResumeAsync(Ct);
        await using Node next = await Node.OpenAsync(server, _origin, _directory);
        await next.ReadAsync(Keys("u", 3));
    }

    [Fact]
    public async Task A_server_that_comes_back_empty_is_given_its_entries_again_by_the_sweep()
    {
        await using RedisProcess server = await RequiredRedis.StartAsync();
        await using Node node = await Node.OpenAsync(server, _origin, _directory);
        await using Node other = await Node.OpenAsync(server, _origin, _directory);
        await node.Storage.PinAsync("s", "old/", Ct);
        await node.ReadAsync(Keys("old", 20));
        await node.Storage.FlushAsync(Ct);
        await server.KillAsync(Ct);
        await WithinAsync("reads", () => node.ReadAsync([.. Keys("old", 5), .. Keys("new", 5)]));
        await server.StartAgainAsync(Ct);

        // what was read while the server was away was not cached; what was cached before is taken over from its files
        await UntilAsync("new keys to be cached", () => node.HasAsync(Keys("new", 20)));
        await UntilAsync("the files to be taken over", async () => (await node.Index.GetTotalsAsync(null, Ct)).Count == 40);
        await UntilAsync("the other to find them", () => other.HasAsync([.. Keys("old", 20), .. Keys("new", 20)]));
        await other.Storage.FlushAsync(Ct); // what it read meanwhile it has written too
        await node.AssertConsistentAsync(40);
        Assert.Equal([new Pin("s", "old/")], await other.Index.ListPinsAsync(Ct));
    }

    [Fact]
    public async Task A_server_without_memory_serves_what_it_has_and_caching_goes_on_when_it_has_more()
    {
        await using RedisProcess server = await RequiredRedis.StartAsync();
        await using Node node = await Node.OpenAsync(server, _origin, _directory, Node.Patient);
        await node.ReadAsync(Keys("old", 20));
        await node.Storage.FlushAsync(Ct);
        await node.ConfigureAsync("maxmemory", (await node.GetUsedMemoryAsync() / 2).ToString(CultureInfo.InvariantCulture));

        Assert.Equal(0, await node.CountRequestsAsync(Keys("old", 20)));
        Assert.Equal(20, await node.CountRequestsAsync(Keys("new", 20)));
        await node.ReadAsync(Keys("new", 20));
        await node.Storage.CloseStoreAsync("s", Ct); // all that was read is given up, before there is memory again
        Assert.InRange(node.Storage.Counters.WriteFailures, 20, 40);
        ZarrCacheException full = await Assert.ThrowsAnyAsync<ZarrCacheException>(async () => await node.Index.PushAsync(new IndexEntry { StoreId = "s", Key = "k", Version = 1 }, Ct));
        Assert.Contains("has no memory left for more entries: raise its maxmemory, or lower the cache's MaxEntries.", full.Message, StringComparison.Ordinal);

        // what frees memory works
        Assert.Equal(5, (await node.Index.PopAsync(new PopRequest(Count: 5), Ct)).Count);
        Assert.Equal(15, (await node.Storage.DeletePrefixAsync("s", "", Ct)).Count);
        Assert.Equal(default, await node.Index.GetTotalsAsync(null, Ct));

        await node.ConfigureAsync("maxmemory", "0");
        await node.ReadAsync(Keys("new", 20));
        await node.Storage.FlushAsync(Ct);
        Assert.Equal(0, await node.CountRequestsAsync(Keys("new", 20)));
        await node.AssertConsistentAsync(20);
    }

    [Fact]
    public async Task Four_machines_that_ask_for_all_of_a_cold_dataset_make_one_request_a_key()
    {
        await using RedisProcess server = await RequiredRedis.StartAsync();
        var leases = new RedisStoreIndexOptions { FetchLease = TimeSpan.FromMinutes(1) };
        Node[] nodes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Node.OpenAsync(server, _origin, _directory, Node.Patient, leases)));
        string[] keys = [.. Keys("u", 200)];
        await Task.WhenAll(nodes.SelectMany((node, number) => Enumerable.Range(0, 4).Select(reader => Task.Run(() =>
        {
            string[] shuffled = [.. keys];
            new Random((number * 4) + reader).Shuffle(shuffled);
            return node.ReadAsync(number % 2 == 0 ? keys : shuffled);
        }, Ct))));
        Assert.Equal(keys.Select(key => (key, 1)), keys.Select(key => (key, _origin.Requests[key])));
        Assert.Equal(keys.Length, _origin.Total);
        await nodes[0].AssertConsistentAsync(keys.Length);
        foreach (Node node in nodes)
        {
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_machine_that_died_while_it_fetched_holds_the_others_up_until_its_lease_runs_out()
    {
        await using RedisProcess server = await RequiredRedis.StartAsync();
        await using Node node = await Node.OpenAsync(server, _origin, _directory, Node.Patient, indexOptions: new() { FetchLease = TimeSpan.FromSeconds(1) });
        await using ConnectionMultiplexer connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{server.Port}");
        Assert.Equal(42, await node.Index.TakeLeaseAsync(new EntryKey("s", "u"), 42, Ct)); // who will neither prolong it nor give it back
        RedisKey lease = "{zarrcache}:fetch:s\0u\0" + EntryKey.Whole;
        Assert.InRange((await connection.GetDatabase().KeyTimeToLiveAsync(lease))!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        await WithinAsync("the read", () => node.ReadAsync(["u"]));
        Assert.NotEqual("42", (string?)await connection.GetDatabase().StringGetAsync(lease));
        Assert.Equal(1, _origin.Total);
    }

    private static IEnumerable<string> Keys(string array, int count) => Enumerable.Range(0, count).Select(i => $"{array}/c/{i}");

    private static Task WithinAsync(string what, Func<Task> work) => UntilAsync(what, work(), static () => { });

    private static async Task UntilAsync(string what, Task work, Action meanwhile)
    {
        await UntilAsync(what, () => Task.FromResult(work.IsCompleted), meanwhile);
        await work;
    }

    private static async Task UntilAsync(string what, Func<Task<bool>> condition, Action? meanwhile = null)
    {
        using var watchdog = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        watchdog.CancelAfter(Watchdog);
        while (!await HoldsAsync(condition))
        {
            Assert.False(watchdog.IsCancellationRequested, $"{what} was waited for in vain");
            meanwhile?.Invoke();
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Ct);
        }
    }

    /// <summary>A condition that asks the index itself does not hold yet as long as the server is not back.</summary>
    private static async Task<bool> HoldsAsync(Func<Task<bool>> condition)
    {
        try
        {
            return await condition();
        }
        catch (ZarrCacheException e) when (e.InnerException is StackExchange.Redis.RedisException)
        {
            return false;
        }
    }
}
