namespace ZarrCache.Index.Redis;

/// <summary>
/// What several scripts share, as text that stands before theirs. Every key is handed in by KEYS, as <see cref="StoreKeys.All"/> lists
/// them: 1 state, 2 totals of all, 3 stores, 4 totals of the store, 5 entries, 6 keys, 7 access, 8 absent, and from 9 on the orders by
/// priority, three kinds for each retention.
/// </summary>
/// <remarks>
/// A script that runs out of memory in its middle would leave totals that are wrong. Redis refuses what needs memory only as a
/// script's first write, so that first write is one that needs memory where entries come, and one that gives it back where they go.
/// A command costs Lua about a microsecond, however much it does: so each is called once for all entries of a script.
/// </remarks>
internal static class Lua
{
    /// <summary>
    /// The first argument of every script that writes is the epoch, which a server that lost its data does not have any more.
    /// Answers <c>refused</c> with what the caller should have known.
    /// </summary>
    public const string State = """
        local state = redis.call('HMGET', KEYS[1], 'epoch', 'pins', 'clock', 'saves')
        local function refused()
          return {'refused', state[1] or '', state[2] or '0', state[3] or '0', state[4] or '0'}
        end
        if state[1] ~= ARGV[1] then return refused() end

        """;

    /// <summary>Entries and their sums. Numbers of Lua are exact up to 2^53: larger ones are added by Redis, from their text.</summary>
    public const string Entries = """
        local sums = {count = 0, bytes = 0, allocated = 0, absent = 0}
        local function sum(field, text, sign)
          local number = tonumber(text)
          if number < 1099511627776 then
            sums[field] = sums[field] + sign * number
          else
            if sign < 0 then text = '-' .. text end
            redis.call('HINCRBY', KEYS[2], field, text)
            redis.call('HINCRBY', KEYS[4], field, text)
          end
        end
        local function count(value, sign)
          local size, allocated = string.match(value, '^(%d+),(%d+);', 60)
          sum('count', '1', sign)
          sum('bytes', size, sign)
          sum('allocated', allocated, sign)
          if string.byte(value, 9) == 50 then sum('absent', '1', sign) end
        end
        local function order(head)
          return KEYS[9 + (string.byte(head, 18) - 48) * 3 + string.byte(head, 9) - 48]
        end
        local function member(head, place)
          return string.sub(head, 1, 8) .. place
        end
        local function add(lists, key, item)
          local list = lists[key]
          if not list then
            list = {}
            lists[key] = list
          end
          list[#list + 1] = item
        end
        local function call(command, lists)
          for key, list in pairs(lists) do redis.call(command, key, unpack(list)) end
        end
        local function remove(places, values, counted)
          if #places == 0 then return end
          redis.call('HDEL', KEYS[5], unpack(places))
          redis.call('ZREM', KEYS[6], unpack(places))
          redis.call('ZREM', KEYS[7], unpack(places))
          local orders = {}
          for n = 1, #places do
            local value = values[n]
            add(orders, order(value), member(value, places[n]))
            if string.byte(value, 9) == 50 then add(orders, KEYS[8], places[n]) end
            if not counted then count(value, -1) end
          end
          call('ZREM', orders)
        end
        local function settle(store)
          local before = tonumber(redis.call('HGET', KEYS[4], 'count') or '0')
          for field, number in pairs(sums) do
            if number ~= 0 then
              local text = string.format('%.0f', number)
              redis.call('HINCRBY', KEYS[2], field, text)
              redis.call('HINCRBY', KEYS[4], field, text)
            end
          end
          local after = before + sums.count
          if after == 0 and before > 0 then
            redis.call('DEL', KEYS[4])
            redis.call('SREM', KEYS[3], store)
          elseif after > 0 and before == 0 then
            redis.call('SADD', KEYS[3], store)
          end
        end

        """;
}
