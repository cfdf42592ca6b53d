using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

// How an index is opened: over a connection of its own, or over one that the caller keeps.
public sealed partial class RedisStoreIndex
{
    /// <summary>Opens the index on a server, or makes it there.</summary>
    /// <param name="address">Where the server is: see <see cref="RedisAddress"/>. A prefix in it goes before that of the options.</param>
    /// <param name="options">How it works; null for the defaults.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="ArgumentException">The address is none, or an option is out of range; the message names it, and no secret.</exception>
    /// <exception cref="CacheFormatException">A newer version made the index.</exception>
    /// <exception cref="ZarrCacheException">The server cannot be reached, throws entries away by itself (<c>maxmemory-policy</c>), or others use the index with another policy.</exception>
    public static async ValueTask<RedisStoreIndex> OpenAsync(string address, RedisStoreIndexOptions? options = null, CancellationToken ct = default) =>
        await OpenAsync(RedisAddress.Parse(address), options, ct).ConfigureAwait(false);

    /// <inheritdoc cref="OpenAsync(string, RedisStoreIndexOptions?, CancellationToken)"/>
    public static async ValueTask<RedisStoreIndex> OpenAsync(RedisAddress address, RedisStoreIndexOptions? options = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        options ??= new RedisStoreIndexOptions();
        options = address.Prefix is { } prefix ? options with { Prefix = prefix } : options;
        options.Validate();
        IConnectionMultiplexer connection = await RedisConnection.ConnectAsync(address, options, ct).ConfigureAwait(false);
        return await OpenAsync(connection, connection, address.ToString(), options, ct).ConfigureAwait(false);
    }

    /// <summary>Opens the index over a connection that the caller keeps: it is not disposed of, and may serve others too.</summary>
    /// <param name="connection">The connection. Its <c>BacklogPolicy</c> should be <c>FailFast</c>, and its time-outs short: they hold for writes.</param>
    /// <param name="options">How it works; null for the defaults.</param>
    /// <param name="ct">Gives up.</param>
    /// <inheritdoc cref="OpenAsync(string, RedisStoreIndexOptions?, CancellationToken)" path="/exception"/>
    public static async ValueTask<RedisStoreIndex> OpenAsync(IConnectionMultiplexer connection, RedisStoreIndexOptions? options = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(connection);
        options ??= new RedisStoreIndexOptions();
        options.Validate();
        string address = string.Join(',', connection.GetEndPoints().Select(endPoint => endPoint.ToString()));
        return await OpenAsync(connection, null, address, options, ct).ConfigureAwait(false);
    }

    private static async ValueTask<RedisStoreIndex> OpenAsync(IConnectionMultiplexer connection, IConnectionMultiplexer? owned, string address, RedisStoreIndexOptions options, CancellationToken ct)
    {
        var index = new RedisStoreIndex(new RedisServer(connection.GetDatabase(), address), owned, options);
        try
        {
            await index.OpenAsync(ct).ConfigureAwait(false);
            return index;
        }
        catch
        {
            index._disposed = 1;
            if (owned is not null)
            {
                await owned.DisposeAsync().ConfigureAwait(false);
            }

            throw;
        }
    }

    private async ValueTask OpenAsync(CancellationToken ct)
    {
        if (!await RedisConnection.RequireNoEvictionAsync(_context.Server, ct).ConfigureAwait(false))
        {
            LogPolicyUnknown(_context.Server.Address);
        }

        await _context.Session.EnterAsync(ct).ConfigureAwait(false);
        if (_context.Session.MustRank)
        {
            await Ranking.RunAsync(_context, ct).ConfigureAwait(false);
        }

        await _context.Pins.FinishAllAsync(ct).ConfigureAwait(false);
        _background.Begin();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The server {Address} does not say its maxmemory-policy; it must be noeviction.")]
    private partial void LogPolicyUnknown(string address);
}
