using StackExchange.Redis;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.Index.Redis;

namespace ZarrCache.Benchmarks.Redis;

/// <summary>
/// What the index keeps, kept by hand: the same keys, members and bytes by the same commands, pipelined, without a script, and so without
/// atomicity, policy, clock or anybody else in mind. Its bytes are made beforehand.
/// </summary>
internal sealed class ByHand(IDatabase database, string prefix)
{
    private readonly CacheKeys _keys = new(prefix);

    private StoreKeys Store => _keys.For(ArrayEntries.Store);

    private RedisKey Order => Store.Order(Retention.Evictable, EntryKind.Value);

    public static Prepared[] Prepare(int first, int count, int of) =>
        [.. Enumerable.Range(first, count).Select(i => Prepare(ArrayEntries.Make(ArrayEntries.Scattered(i, of)), i + 1))];

    /// <param name="entry">What is pushed.</param>
    /// <param name="clock">What the index would give it as its clock and its priority.</param>
    public static Prepared Prepare(IndexEntry entry, long clock)
    {
        byte[] place = Place.Of(entry.EntryKey);
        byte[] value = EntryFormat.Write(entry with { AccessClock = clock, Priority = clock }, clock);
        return new Prepared(place, value, MemberOf(place, value), clock, (double)Scores.OfAccess(entry.LastAccess));
    }

    /// <summary>The commands of a push for each entry; answers are waited for where they say something.</summary>
    public async Task PushAsync(Prepared[] batch)
    {
        var replaced = new Task<RedisValue>[batch.Length];
        for (int i = 0; i < batch.Length; i++)
        {
            Prepared entry = batch[i];
            replaced[i] = database.HashGetAsync(Store.Entries, entry.Place);
            _ = database.SortedSetAddAsync(Store.Keys, entry.Place, 0, flags: CommandFlags.FireAndForget);
            _ = database.HashSetAsync(Store.Entries, entry.Place, entry.Value, flags: CommandFlags.FireAndForget);
            _ = database.SortedSetAddAsync(Store.Access, entry.Place, entry.Access, flags: CommandFlags.FireAndForget);
            _ = database.SortedSetAddAsync(Order, entry.Member, entry.Priority, flags: CommandFlags.FireAndForget);
        }

        await Task.WhenAll([.. replaced, ChangeTotalsAsync(batch.Length)]);
    }

    /// <summary>The commands of a push in their widest form, one of each for all entries of the batch.</summary>
    public async Task PushWideAsync(Prepared[] batch)
    {
        Task<RedisValue[]> replaced = database.HashGetAsync(Store.Entries, Array.ConvertAll(batch, entry => (RedisValue)entry.Place));
        _ = database.SortedSetAddAsync(Store.Keys, Array.ConvertAll(batch, entry => new SortedSetEntry(entry.Place, 0)), flags: CommandFlags.FireAndForget);
        _ = database.HashSetAsync(Store.Entries, Array.ConvertAll(batch, entry => new HashEntry(entry.Place, entry.Value)), flags: CommandFlags.FireAndForget);
        _ = database.SortedSetAddAsync(Store.Access, Array.ConvertAll(batch, entry => new SortedSetEntry(entry.Place, entry.Access)), flags: CommandFlags.FireAndForget);
        _ = database.SortedSetAddAsync(Order, Array.ConvertAll(batch, entry => new SortedSetEntry(entry.Member, entry.Priority)), flags: CommandFlags.FireAndForget);
        await Task.WhenAll(replaced, ChangeTotalsAsync(batch.Length));
    }

    /// <summary>The commands of a pop: the first of the order, their bytes, and for each whether it is still there, and its removal.</summary>
    public async Task<IReadOnlyList<(byte[] Place, byte[] Value)>> PopAsync(int count)
    {
        RedisValue[] members = await database.SortedSetRangeByRankAsync(Order, 0, count - 1);
        RedisValue[] places = Array.ConvertAll(members, member => (RedisValue)((byte[])member!)[EntryFormat.PushedSize..]);
        RedisValue[] values = await database.HashGetAsync(Store.Entries, places);
        var still = new Task<RedisValue>[places.Length];
        for (int i = 0; i < places.Length; i++)
        {
            still[i] = database.HashGetAsync(Store.Entries, places[i]);
            _ = database.HashDeleteAsync(Store.Entries, places[i], CommandFlags.FireAndForget);
            _ = database.SortedSetRemoveAsync(Store.Keys, places[i], CommandFlags.FireAndForget);
            _ = database.SortedSetRemoveAsync(Store.Access, places[i], CommandFlags.FireAndForget);
            _ = database.SortedSetRemoveAsync(Order, members[i], CommandFlags.FireAndForget);
        }

        await Task.WhenAll([.. still, ChangeTotalsAsync(-places.Length)]);
        return [.. places.Zip(values, (place, value) => ((byte[])place!, (byte[])value!))];
    }

    /// <summary>A pop in the widest form of its commands.</summary>
    public async Task<int> PopWideAsync(int count)
    {
        RedisValue[] members = await database.SortedSetRangeByRankAsync(Order, 0, count - 1);
        RedisValue[] places = Array.ConvertAll(members, member => (RedisValue)((byte[])member!)[EntryFormat.PushedSize..]);
        RedisValue[] values = await database.HashGetAsync(Store.Entries, places);
        _ = database.HashDeleteAsync(Store.Entries, places, CommandFlags.FireAndForget);
        _ = database.SortedSetRemoveAsync(Store.Keys, places, CommandFlags.FireAndForget);
        _ = database.SortedSetRemoveAsync(Store.Access, places, CommandFlags.FireAndForget);
        _ = database.SortedSetRemoveAsync(Order, members, CommandFlags.FireAndForget);
        await ChangeTotalsAsync(-places.Length);
        return values.Count(value => !value.IsNull);
    }

    /// <summary>Removes entries by their places; to set things back.</summary>
    public async Task RemoveAsync(RedisValue[] places)
    {
        RedisValue[] values = await database.HashGetAsync(Store.Entries, places);
        await database.HashDeleteAsync(Store.Entries, places);
        await database.SortedSetRemoveAsync(Store.Keys, places);
        await database.SortedSetRemoveAsync(Store.Access, places);
        await database.SortedSetRemoveAsync(Order, [.. places.Zip(values, (place, value) => (RedisValue)MemberOf(place!, value!))]);
        await ChangeTotalsAsync(-places.Length);
    }

    /// <summary>A bare look-up.</summary>
    public async Task<bool> FindAsync(EntryKey key) => !(await database.HashGetAsync(Store.Entries, Place.Of(key))).IsNull;

    /// <summary>How many entries there are, at most so many; each is read.</summary>
    public async Task<long> ScanAsync(int page, int limit)
    {
        long count = 0;
        await foreach (HashEntry entry in database.HashScanAsync(Store.Entries, pageSize: page))
        {
            count += entry.Value.IsNull ? 0 : 1;
            if (count == limit)
            {
                break;
            }
        }

        return count;
    }

    private static byte[] MemberOf(byte[] place, byte[] value) => [.. value.AsSpan(0, EntryFormat.PushedSize), .. place];

    private async Task ChangeTotalsAsync(long count)
    {
        foreach (RedisKey totals in (RedisKey[])[_keys.Totals, Store.Totals])
        {
            _ = database.HashIncrementAsync(totals, "count", count, CommandFlags.FireAndForget);
            _ = database.HashIncrementAsync(totals, "bytes", count << 20, CommandFlags.FireAndForget);
            _ = database.HashIncrementAsync(totals, "allocated", count << 20, CommandFlags.FireAndForget);
        }

        await database.HashSetAsync(_keys.State, "clock", count);
    }

    /// <summary>An entry as the commands want it.</summary>
    internal sealed record Prepared(byte[] Place, byte[] Value, byte[] Member, double Priority, double Access);
}
