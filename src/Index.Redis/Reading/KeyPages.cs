using System.Text;
using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>
/// The rows of one store in the order of their keys, page by page: the last place of a page is where the next begins, so that
/// nothing is given twice, whatever comes and goes meanwhile. Not thread-safe.
/// </summary>
/// <remarks>HSCAN would need no sorted set, but gives entries twice when the hash shrinks under it, and all of them at once while the hash is small.</remarks>
internal sealed class KeyPages(RedisServer server, StoreKeys store, string prefix, bool descending)
{
    /// <summary>Answers with places and entries. ARGV: first, last, how many at most.</summary>
    private const string PageScript = """
        local places = redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
        if #places == 0 then return {} end
        return {places, redis.call('HMGET', KEYS[2], unpack(places))}
        """;

    private const string PageDescendingScript = """
        local places = redis.call('ZREVRANGEBYLEX', KEYS[1], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
        if #places == 0 then return {} end
        return {places, redis.call('HMGET', KEYS[2], unpack(places))}
        """;

    private readonly RedisKey[] _keys = [store.Keys, store.Entries];
    private byte[] _low = Place.Bound('[', Encoding.UTF8.GetBytes(prefix));
    private byte[] _high = Place.Bound('(', Encoding.UTF8.GetBytes(prefix), Place.AfterAll);

    /// <summary>The next page; empty if there is none.</summary>
    public async ValueTask<List<Row>> ReadAsync(int count, CancellationToken ct)
    {
        RedisResult answer = await server.RunAsync(
            descending ? PageDescendingScript : PageScript, _keys, descending ? [_high, _low, count] : [_low, _high, count], ct).ConfigureAwait(false);
        var rows = new List<Row>();
        if (answer.Length == 0)
        {
            return rows;
        }

        RedisResult places = answer[0];
        RedisResult values = answer[1];
        for (int i = 0; i < places.Length; i++)
        {
            rows.Add(Row.Read(store.StoreId, (byte[])places[i]!, (byte[])values[i]!));
        }

        byte[] bound = Place.Bound('(', rows[^1].Place);
        if (descending)
        {
            _high = bound;
        }
        else
        {
            _low = bound;
        }

        return rows;
    }
}
