using System.Text;
using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>
/// The rows of one store in the order of their keys, page by page: the last place of a page is where the next begins, so that
/// nothing is given twice, whatever comes and goes meanwhile. Not thread-safe.
/// </summary>
/// <remarks>
/// HSCAN would need no sorted set, but gives entries twice when the hash shrinks under it, and all of them at once while the hash is
/// small. Two commands, and no script, which would have to turn all of it into Lua's strings and back: 1.3 times as fast. What is
/// removed in between is passed over.
/// </remarks>
internal sealed class KeyPages(RedisServer server, StoreKeys store, string prefix, bool descending)
{
    private byte[] _low = Place.Bound('[', Encoding.UTF8.GetBytes(prefix));
    private byte[] _high = Place.Bound('(', Encoding.UTF8.GetBytes(prefix), Place.AfterAll);

    /// <summary>Begins to read the next page.</summary>
    /// <returns>Whether there may be more after it; and its rows, which are on their way.</returns>
    public async Task<(bool More, Task<List<Row>> Rows)> BeginAsync(int count, CancellationToken ct)
    {
        object[] arguments = [store.Keys, descending ? _high : _low, descending ? _low : _high, "LIMIT", 0, count];
        var places = (RedisValue[])(await server.WaitAsync(server.Database.ExecuteAsync(descending ? "ZREVRANGEBYLEX" : "ZRANGEBYLEX", arguments), ct).ConfigureAwait(false))!;
        if (places.Length == 0)
        {
            return (false, Task.FromResult<List<Row>>([]));
        }

        byte[] bound = Place.Bound('(', (byte[])places[^1]!);
        (_low, _high) = descending ? (_low, bound) : (bound, _high);
        return (places.Length == count, ReadRowsAsync(places, ct));
    }

    private async Task<List<Row>> ReadRowsAsync(RedisValue[] places, CancellationToken ct)
    {
        RedisValue[] values = await server.WaitAsync(server.Database.HashGetAsync(store.Entries, places), ct).ConfigureAwait(false);
        var rows = new List<Row>(values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            if (!values[i].IsNull)
            {
                rows.Add(Row.Read(store.StoreId, (byte[])places[i]!, (byte[])values[i]!));
            }
        }

        return rows;
    }
}
