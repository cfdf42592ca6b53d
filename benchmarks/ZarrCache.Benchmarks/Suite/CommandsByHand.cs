using StackExchange.Redis;
using ZarrCache.Benchmarks.Redis;
using ZarrCache.Index.Redis;

namespace ZarrCache.Benchmarks.Suite;

/// <summary>The commands that the Redis index needs, sent by hand (see <see cref="ByHand"/>). Making the bytes of an entry, and reading them, is measured too, as it is of the index.</summary>
internal sealed class CommandsByHand : IIndexYardstick
{
    private const int Page = 1000;

    private readonly ConnectionMultiplexer _connection;
    private readonly ByHand _commands;
    private long _clock;

    private CommandsByHand(ConnectionMultiplexer connection, string prefix) => (_connection, _commands) = (connection, new ByHand(connection.GetDatabase(), prefix));

    /// <summary>Not the other orders, of which each takes two commands a page, and nothing to compare.</summary>
    public static IReadOnlyList<string> Operations { get; } = [IndexOperations.Push, IndexOperations.Pop, IndexOperations.Find, IndexOperations.Enumerate];

    public static async ValueTask<IIndexYardstick> CreateAsync(string prefix) =>
        new CommandsByHand(await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions { EndPoints = { { "127.0.0.1", (await LoopbackServers.GetRedisAsync()).Port } } }), prefix);

    public async ValueTask PushAsync(IReadOnlyList<IndexEntry> batch) => await _commands.PushAsync([.. batch.Select(entry => ByHand.Prepare(entry, ++_clock))]);

    public async ValueTask<bool> FindAsync(EntryKey key) => await _commands.FindAsync(key);

    public async ValueTask<IReadOnlyList<IndexEntry>> PopAsync(int count) => [.. (await _commands.PopAsync(count)).Select(popped =>
    {
        (string key, long offset) = Place.Read(popped.Place);
        return EntryFormat.Read(popped.Value, Sqlite.Entries.Store, key, offset);
    })];

    public async ValueTask DeleteAsync(IReadOnlyList<IndexEntry> entries) => await _commands.RemoveAsync([.. entries.Select(entry => (RedisValue)Place.Of(entry.EntryKey))]);

    public async ValueTask<long?> EnumerateAsync(IndexOrder order, int limit) => await _commands.ScanAsync(Page, limit);

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
