using StackExchange.Redis;
using Xunit;
using ZarrCache.Conformance.Http;
using ZarrCache.Storage.FileSystem;

namespace ZarrCache.Index.Redis.Tests;

/// <summary>What one machine has of a shared cache: a connection and an index of its own, and the chunks in a directory that all see.</summary>
internal sealed class Node : IAsyncDisposable
{
    private readonly ListLogger _logger = new();
    private readonly ConnectionMultiplexer _connection;
    private readonly CountingOrigin _origin;

    private Node(ConnectionMultiplexer connection, RedisStoreIndex index, CountingOrigin origin, string directory, IndexedCacheStorageOptions options)
    {
        _connection = connection;
        _origin = origin;
        Index = index;
        Storage = new IndexedCacheStorage(index, FileSystemStore.Opener(Path.Combine(directory, "{store_id}.zarr")), options with { Logger = _logger });
        Store = new CachedStore(origin, "s", Storage);
    }

    /// <summary>More than the tests write.</summary>
    public static IndexedCacheStorageOptions Large => new() { MaxSize = 1L << 30 };

    /// <summary>The same, with more patience than a busy machine can try: for servers that answer, or fail at once.</summary>
    public static IndexedCacheStorageOptions Patient => Large with { IndexPatience = TimeSpan.FromMinutes(1) };

    public RedisStoreIndex Index { get; }

    public IndexedCacheStorage Storage { get; }

    public CachedStore Store { get; }

    /// <summary>Commands that were sent to the server.</summary>
    public long Commands => _connection.OperationCount;

    public IEnumerable<string> Log => _logger.Lines;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Opens one. It remembers no entries, so that every look-up asks the server.</summary>
    public static async Task<Node> OpenAsync(RedisProcess server, CountingOrigin origin, string directory, IndexedCacheStorageOptions? options = null, RedisStoreIndexOptions? indexOptions = null)
    {
        ConnectionMultiplexer connection = await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions
        {
            EndPoints = { { "127.0.0.1", server.Port } },
            BacklogPolicy = BacklogPolicy.FailFast,
            ReconnectRetryPolicy = new LinearRetry(100),
            AsyncTimeout = 3000,
            AllowAdmin = true,
        });
        RedisStoreIndex index = await RedisStoreIndex.OpenAsync(connection, (indexOptions ?? new()) with { RememberedEntries = 0 }, Ct);
        return new Node(connection, index, origin, directory, options ?? Large);
    }

    /// <summary>Reads keys one after the other; every byte is held against the origin's.</summary>
    public async Task ReadAsync(IEnumerable<string> keys)
    {
        foreach (string key in keys)
        {
            Assert.Equal(CountingOrigin.Content(key), await Store.GetBytesAsync(key, ct: Ct));
        }
    }

    /// <summary>How many of some keys the origin was asked for while they were read.</summary>
    public async Task<int> CountRequestsAsync(IEnumerable<string> keys)
    {
        int before = _origin.Total;
        await ReadAsync(keys);
        return _origin.Total - before;
    }

    /// <summary>Reads keys, and says whether all of them were cached before: written, since what waits to be written is served as well and may yet be given up.</summary>
    public async Task<bool> HasAsync(IEnumerable<string> keys)
    {
        await Storage.CloseStoreAsync("s", Ct);
        return await CountRequestsAsync(keys) == 0;
    }

    public Task ConfigureAsync(string option, string value) => _connection.GetServer(_connection.GetEndPoints()[0]).ConfigSetAsync(option, value);

    public async Task<long> GetUsedMemoryAsync() => long.Parse(
        (await _connection.GetServer(_connection.GetEndPoints()[0]).InfoAsync("memory"))[0].First(line => line.Key == "used_memory").Value, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Rows, totals and files agree.</summary>
    public async Task AssertConsistentAsync(int values)
    {
        await Storage.FlushAsync(Ct);
        CacheCheckReport report = await Storage.CheckAsync(new CacheCheckOptions { VerifyBytes = true, MinimumAge = TimeSpan.Zero }, null, Ct);
        Assert.True(report.IsClean, report.ToString());
        Assert.Equal((values, values), (report.Rows, report.Files));
        IndexTotals sum = default;
        await foreach (IndexEntry entry in Index.EnumerateAsync(default, Ct))
        {
            sum += IndexTotals.Of(entry);
        }

        Assert.Equal(sum, await Index.GetTotalsAsync(null, Ct));
        Assert.Equal(sum, await Index.GetTotalsAsync("s", Ct));
        Assert.Equal(values, sum.Count);
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        await Storage.DisposeAsync();
        await Index.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
