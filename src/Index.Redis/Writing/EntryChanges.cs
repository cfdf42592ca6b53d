using System.Globalization;
using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>
/// Changes what changes of an entry (priority, accesses, retention, confirmation): it is read, changed here, where the policy is,
/// and written if nobody else has changed it meanwhile; else once more. Thread-safe.
/// </summary>
internal sealed class EntryChanges(IndexContext context)
{
    /// <summary>So many in one script: about a millisecond of the server.</summary>
    private const int Page = 250;

    /// <summary>An entry that others change all the time is left as it is after so many tries.</summary>
    private const int Tries = 10;

    /// <summary>
    /// ARGV: epoch, the clock that was reached, lifetime of absences; for each entry place, head before, head after, scores by priority
    /// and by last access. Answers with the numbers of those that were not as before.
    /// </summary>
    private const string ReplaceScript = Lua.State + Lua.Entries + """
        redis.call('HSET', KEYS[1], 'clock', tonumber(state[3]) < tonumber(ARGV[2]) and ARGV[2] or state[3])
        local answer = {'done', state[3]}
        local places, rows, gone, scored = {}, {}, {}, {}
        for i = 4, #ARGV, 5 do places[#places + 1] = ARGV[i] end
        local values = redis.call('HMGET', KEYS[5], unpack(places))
        for n = 1, #places do
          local i = 5 * n - 1
          local place, value, before, after = places[n], values[n], ARGV[i + 1], ARGV[i + 2]
          if value and string.sub(value, 1, 59) == before then
            rows[#rows + 1] = place
            rows[#rows + 1] = after .. string.sub(value, 60)
            local moved = order(after) ~= order(before)
            if moved then add(gone, order(before), member(before, place)) end
            if moved or string.sub(after, 20, 27) ~= string.sub(before, 20, 27) then
              add(scored, order(after), ARGV[i + 3])
              add(scored, order(after), member(after, place))
            end
            if string.sub(after, 44, 51) ~= string.sub(before, 44, 51) then
              add(scored, KEYS[7], ARGV[i + 4])
              add(scored, KEYS[7], place)
            end
            if string.byte(after, 9) == 50 and ARGV[3] ~= '' and string.sub(after, 52, 59) ~= string.sub(before, 52, 59) then
              local time = redis.call('TIME')
              add(scored, KEYS[8], string.format('%.0f', time[1] * 1000 + tonumber(ARGV[3])))
              add(scored, KEYS[8], place)
            end
          else
            answer[#answer + 1] = string.format('%d', n - 1)
          end
        end
        if #rows > 0 then redis.call('HSET', KEYS[5], unpack(rows)) end
        call('ZREM', gone)
        call('ZADD', scored)
        return answer
        """;

    /// <summary>Changes entries of one store.</summary>
    /// <param name="store">The store.</param>
    /// <param name="places">Which; those that are not there are passed over.</param>
    /// <param name="change">Given the number of the place and the entry as it is, gives it as it is to be, or null to leave it.</param>
    /// <param name="ct">Gives up.</param>
    public async ValueTask ApplyAsync(StoreKeys store, IReadOnlyList<byte[]> places, Func<int, IndexEntry, IndexEntry?> change, CancellationToken ct)
    {
        for (int first = 0; first < places.Count; first += Page)
        {
            List<int> left = [.. Enumerable.Range(first, Math.Min(Page, places.Count - first))];
            for (int tries = 0; left.Count > 0 && tries < Tries; tries++)
            {
                var changes = new List<(Row Row, IndexEntry Changed)>(left.Count);
                var numbers = new List<int>(left.Count);
                Row?[] rows = await ReadAsync(store, [.. left.Select(i => places[i])], ct).ConfigureAwait(false);
                for (int i = 0; i < rows.Length; i++)
                {
                    if (rows[i] is { } row && change(left[i], row.Entry) is { } changed && !changed.Equals(row.Entry))
                    {
                        changes.Add((row, changed));
                        numbers.Add(left[i]);
                    }
                }

                left = [.. (await ReplaceAsync(store, changes, ct).ConfigureAwait(false)).Select(i => numbers[i])];
            }
        }
    }

    /// <summary>The rows at some places of a store, null where there is none.</summary>
    public async ValueTask<Row?[]> ReadAsync(StoreKeys store, byte[][] places, CancellationToken ct)
    {
        RedisValue[] values = await context.Server.WaitAsync(
            context.Server.Database.HashGetAsync(store.Entries, Array.ConvertAll(places, place => (RedisValue)place)), ct).ConfigureAwait(false);
        return [.. values.Select((value, i) => value.IsNull ? null : Row.Read(store.StoreId, places[i], (byte[])value!))];
    }

    /// <summary>Writes changed entries where the rows are still as they were read. Returns the numbers of the others.</summary>
    public async ValueTask<List<int>> ReplaceAsync(StoreKeys store, IReadOnlyList<(Row Row, IndexEntry Changed)> changes, CancellationToken ct)
    {
        var conflicts = new List<int>();
        for (int first = 0; first < changes.Count; first += Page)
        {
            int count = Math.Min(Page, changes.Count - first);
            var arguments = new RedisValue[3 + (count * 5)];
            long clock = 0;
            for (int i = 0; i < count; i++)
            {
                (Row row, IndexEntry changed) = changes[first + i];
                clock = Math.Max(clock, changed.AccessClock);
                arguments[3 + (i * 5)] = row.Place;
                arguments[4 + (i * 5)] = row.Head;
                arguments[5 + (i * 5)] = EntryFormat.WriteHead(changed, row.Pushed);
                arguments[6 + (i * 5)] = Scores.OfPriority(changed.Priority);
                arguments[7 + (i * 5)] = Scores.OfAccess(changed.LastAccess);
            }

            arguments[1] = clock;
            arguments[2] = context.Lifetime;
            RedisResult answer = await context.RunAsync(ReplaceScript, store.All, arguments, ct).ConfigureAwait(false);
            context.Session.See(Refusal.Number(answer[1]));
            for (int i = 2; i < answer.Length; i++)
            {
                conflicts.Add(first + int.Parse((string)answer[i]!, CultureInfo.InvariantCulture));
            }
        }

        return conflicts;
    }
}
