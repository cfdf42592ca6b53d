using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>Look-ups that change nothing.</summary>
internal static class IndexReads
{
    /// <summary>How many parts are read at once of a range that has very many.</summary>
    private const int PartsPage = 500;

    /// <summary>
    /// The part that begins at the offset or, as the last of all, before it, and those that begin after it and before the end. ARGV: the
    /// key's first place, the places of offset, offset + 1 and the last byte, as bounds; how many at most.
    /// </summary>
    private const string PartsScript = """
        local places = redis.call('ZREVRANGEBYLEX', KEYS[1], ARGV[2], ARGV[1], 'LIMIT', 0, 1)
        for _, place in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], ARGV[3], ARGV[4], 'LIMIT', 0, ARGV[5])) do
          places[#places + 1] = place
        end
        if #places == 0 then return {} end
        return {places, redis.call('HMGET', KEYS[2], unpack(places))}
        """;

    private static readonly RedisValue[] TotalsFields = ["count", "bytes", "allocated", "absent"];

    public static async ValueTask<IndexEntry?> FindAsync(IndexContext context, EntryKey key, CancellationToken ct)
    {
        byte[]? value = await context.Server.WaitAsync(
            context.Server.Database.HashGetAsync(context.Keys.For(key.StoreId).Entries, Place.Of(key)), ct).ConfigureAwait(false);
        return value is null ? null : EntryFormat.Read(value, key.StoreId, key.Key, key.Offset);
    }

    public static async ValueTask<IReadOnlyList<IndexEntry>> FindPartsAsync(IndexContext context, string storeId, string key, long offset, long end, CancellationToken ct)
    {
        var parts = new List<IndexEntry>();
        StoreKeys store = context.Keys.For(storeId);
        byte[] first = Place.Bound('[', Place.Of(key, 0));
        byte[] last = Place.Bound('[', Place.Of(key, end - 1));
        long after = offset;
        int count;
        do
        {
            RedisResult answer = await context.Server.RunAsync(
                PartsScript,
                [store.Keys, store.Entries],
                [first, Place.Bound('[', Place.Of(key, after)), Place.Bound('(', Place.Of(key, after)), last, PartsPage],
                ct).ConfigureAwait(false);
            count = answer.Length == 0 ? 0 : answer[0].Length;
            for (int i = 0; i < count; i++)
            {
                IndexEntry part = Row.Read(storeId, (byte[])answer[0][i]!, (byte[])answer[1][i]!).Entry;
                if (part.Offset + part.Size > offset && (parts.Count == 0 || part.Offset > parts[^1].Offset))
                {
                    parts.Add(part);
                    after = Math.Max(after, part.Offset);
                }
            }
        }
        while (count > PartsPage);
        return parts;
    }

    public static async ValueTask<IndexTotals> GetTotalsAsync(IndexContext context, string? storeId, CancellationToken ct)
    {
        RedisKey key = storeId is null ? context.Keys.Totals : context.Keys.For(storeId).Totals;
        RedisValue[] totals = await context.Server.WaitAsync(context.Server.Database.HashGetAsync(key, TotalsFields), ct).ConfigureAwait(false);
        return new IndexTotals((long)totals[0], (long)totals[1], (long)totals[2], (long)totals[3]);
    }

    public static async ValueTask<IReadOnlyList<string>> ListStoresAsync(IndexContext context, CancellationToken ct)
    {
        RedisValue[] stores = await context.Server.WaitAsync(context.Server.Database.SetMembersAsync(context.Keys.Stores), ct).ConfigureAwait(false);
        return [.. stores.Select(store => (string)store!).Order(Utf8Order.Comparer)];
    }

    /// <summary>The orders by priority of some stores, each retention and kind by itself.</summary>
    public static IReadOnlyList<OrderPages> Orders(IndexContext context, IEnumerable<string> stores, IReadOnlyList<Retention> retentions, EntryKind? kind, bool descending)
    {
        EntryKind[] kinds = kind is { } only ? [only] : Enum.GetValues<EntryKind>();
        return
        [
            .. stores.Select(context.Keys.For).SelectMany(store => retentions.SelectMany(retention => kinds.Select(each =>
                new OrderPages(context.Server, store, store.Order(retention, each), EntryFormat.PushedSize, descending)))),
        ];
    }
}
