using System.Buffers.Binary;
using System.Text;
using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>Deletes entries: one, all of a key, all below a prefix. Thread-safe.</summary>
internal sealed class Removals(IndexContext context)
{
    /// <summary>So many in one script: a few milliseconds of the server at most.</summary>
    private const int Page = 250;

    /// <summary>ARGV: epoch, store, place, version or nothing. Answers with the entry, if it was removed.</summary>
    private const string DeleteScript = Lua.State + Lua.Entries + """
        local value = redis.call('HGET', KEYS[5], ARGV[3])
        if not value or (ARGV[4] ~= '' and string.sub(value, 10, 17) ~= ARGV[4]) then return {'done'} end
        remove({ARGV[3]}, {value})
        settle(ARGV[2])
        return {'done', value}
        """;

    /// <summary>ARGV: epoch, store, the first and the last place, how many at most. Answers with places and entries.</summary>
    private const string DeleteRangeScript = Lua.State + Lua.Entries + """
        local answer = {'done'}
        local places = redis.call('ZRANGEBYLEX', KEYS[6], ARGV[3], ARGV[4], 'LIMIT', 0, ARGV[5])
        if #places == 0 then return answer end
        local values = redis.call('HMGET', KEYS[5], unpack(places))
        remove(places, values)
        for n = 1, #places do
          answer[2 * n], answer[2 * n + 1] = places[n], values[n]
        end
        settle(ARGV[2])
        return answer
        """;

    public async ValueTask<IndexEntry?> DeleteAsync(EntryKey key, long? ifVersion, CancellationToken ct)
    {
        RedisValue version = RedisValue.EmptyString;
        if (ifVersion is { } number)
        {
            byte[] bytes = new byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
            version = bytes;
        }

        try
        {
            RedisResult answer = await context.RunAsync(DeleteScript, context.Keys.For(key.StoreId).All, [default, key.StoreId, Place.Of(key), version], ct).ConfigureAwait(false);
            return answer.Length == 1 ? null : context.Removed(EntryFormat.Read((byte[])answer[1]!, key.StoreId, key.Key, key.Offset));
        }
        finally
        {
            context.Remembered.Forget([key], all: false);
        }
    }

    public async ValueTask<IReadOnlyList<IndexEntry>> DeleteKeyAsync(string storeId, string key, CancellationToken ct)
    {
        var removed = new List<IndexEntry>();
        byte[] whole = Place.Of(key, EntryKey.Whole);
        await DeleteRangeAsync(storeId, Place.Bound('[', whole), Place.Bound('(', whole, Place.AfterAll), removed.Add, ct).ConfigureAwait(false);
        context.Remembered.Forget([new EntryKey(storeId, key)], all: false);
        return removed;
    }

    public async ValueTask<IndexTotals> DeletePrefixAsync(string storeId, string prefix, CancellationToken ct)
    {
        IndexTotals sum = default;
        byte[] bytes = Encoding.UTF8.GetBytes(prefix);
        try
        {
            await DeleteRangeAsync(storeId, Place.Bound('[', bytes), Place.Bound('(', bytes, Place.AfterAll), entry => sum += IndexTotals.Of(entry), ct).ConfigureAwait(false);
        }
        finally
        {
            context.Remembered.Forget([], all: true);
        }

        return sum;
    }

    private async ValueTask DeleteRangeAsync(string storeId, byte[] first, byte[] last, Action<IndexEntry> removed, CancellationToken ct)
    {
        RedisResult answer;
        do
        {
            ct.ThrowIfCancellationRequested();
            answer = await context.RunAsync(DeleteRangeScript, context.Keys.For(storeId).All, [default, storeId, first, last, Page], ct).ConfigureAwait(false);
            for (int i = 1; i < answer.Length; i += 2)
            {
                IndexEntry entry = Row.Read(storeId, (byte[])answer[i]!, (byte[])answer[i + 1]!).Entry;
                context.Remembered.Forget([entry.EntryKey], all: false);
                removed(context.Removed(entry));
            }
        }
        while (answer.Length > Page * 2);
    }
}
