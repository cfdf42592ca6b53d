using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>
/// Pops entries. The policy decides here, on what it is shown; a script then removes those that are still as they were shown, so that
/// no entry is popped twice whoever else pops, and what was read meanwhile stays. Nodes take turns, so that they do not all
/// decide on the same entries; a node that dies in its turn delays the others by <see cref="Turn"/>. Thread-safe.
/// </summary>
/// <remarks>A server without memory is popped from all the same, since that is what frees it: what would have to be written for it is left out.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore has no wait handle: it holds nothing, and disposing of it would race with who waits.")]
internal sealed class Pops(IndexContext context, MarkFlush marks)
{
    /// <summary>So many in one script: about two milliseconds of the server.</summary>
    private const int Page = 250;

    private const int Fixed = 6;

    /// <summary>How often one pop begins again for what others took or changed under it.</summary>
    private const int Rounds = 20;

    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(2);

    /// <summary>
    /// ARGV: epoch, store, the bytes that the store keeps or nothing, sums of the sizes, of the allocated sizes and of the absences; for
    /// each entry place and head. Answers with the numbers of those that stay.
    /// </summary>
    private const string RemoveScript = Lua.State + Lua.Entries + """
        local minimum = tonumber(ARGV[3])
        local left = minimum and tonumber(redis.call('HGET', KEYS[4], 'allocated') or '0')
        local answer = {'done'}
        local places, gone, rows = {}, {}, {}
        for i = 7, #ARGV, 2 do places[#places + 1] = ARGV[i] end
        local values = redis.call('HMGET', KEYS[5], unpack(places))
        for n = 1, #places do
          local value = values[n]
          local goes = value and string.sub(value, 1, 59) == ARGV[2 * n + 6]
          if goes and minimum then
            local allocated = tonumber((string.match(value, '^%d+,(%d+);', 60)))
            goes = allocated == 0 or left - allocated >= minimum
            if goes then left = left - allocated end
          end
          if goes then
            gone[#gone + 1] = places[n]
            rows[#rows + 1] = value
          else
            answer[#answer + 1] = string.format('%d', n - 1)
          end
        end
        local all = #gone == #places
        remove(gone, rows, all)
        if all then
          sums.count = -#gone
          sum('bytes', ARGV[4], -1)
          sum('allocated', ARGV[5], -1)
          sum('absent', ARGV[6], -1)
        end
        settle(ARGV[2])
        return answer
        """;

    private const string EndTurnScript = """
        if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
        return 0
        """;

    /// <summary>Held by the pop of this node, so that it asks the policy about one after the other.</summary>
    private readonly SemaphoreSlim _one = new(1, 1);

    public async ValueTask<IReadOnlyList<IndexEntry>> PopAsync(PopRequest request, CancellationToken ct)
    {
        if (request is { Bytes: 0, Count: 0 })
        {
            return [];
        }

        await _one.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            await UnlessFullAsync(marks.RunAsync(policyToo: false, ct)).ConfigureAwait(false);
            string turn = await TakeTurnAsync(ct).ConfigureAwait(false);
            try
            {
                return await PopInTurnAsync(request, ct).ConfigureAwait(false);
            }
            finally
            {
                _ = context.Server.Database.ScriptEvaluateAsync(EndTurnScript, [context.Keys.PopTurn], [turn], CommandFlags.FireAndForget);
            }
        }
        finally
        {
            _one.Release();
        }
    }

    public async ValueTask<bool> AdmitsAsync(IndexEntry entry, PopRequest request, CancellationToken ct)
    {
        if (context.Session.Known.Pins.RetentionOf(entry.StoreId, entry.Key) != Retention.Evictable)
        {
            return true;
        }

        await _one.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            await marks.RunAsync(policyToo: false, ct).ConfigureAwait(false);
            var victims = new Victims(context, request);
            Candidate? first = await victims.NextAsync(ct).ConfigureAwait(false);
            bool admitted = first is not { Entry: { Retention: Retention.Evictable } victim }
                || context.Policy.Ask(policy => policy.Admits(entry, victim, context.Clock.Value));
            await victims.WriteKeptAsync(ct).ConfigureAwait(false);
            await context.Policy.SaveAsync(context, all: false, ct).ConfigureAwait(false);
            return admitted;
        }
        finally
        {
            _one.Release();
        }
    }

    private async ValueTask<IReadOnlyList<IndexEntry>> PopInTurnAsync(PopRequest request, CancellationToken ct)
    {
        await CatchUpAsync(ct).ConfigureAwait(false);
        var popped = new List<IndexEntry>();
        long bytes = 0;
        var victims = new Victims(context, request);
        for (int round = 0; round < Rounds && !IsMet(bytes, popped.Count); round++)
        {
            victims.Begin();
            var chosen = new List<Candidate>();
            long freed = bytes;
            while (!IsMet(freed, popped.Count + chosen.Count) && await victims.NextAsync(ct).ConfigureAwait(false) is { } candidate)
            {
                context.Policy.Ask(policy =>
                {
                    policy.OnEvict(candidate.Entry, context.Clock.Value);
                    return true;
                });
                victims.Taken(candidate);
                chosen.Add(candidate);
                freed += candidate.Entry.AllocatedSize;
            }

            // from here on what is removed must be told: no cancellation
            bool[] gone = await RemoveAsync(chosen, request.Minima).ConfigureAwait(false);
            for (int i = 0; i < gone.Length; i++)
            {
                if (gone[i])
                {
                    popped.Add(context.Removed(chosen[i].Entry));
                    bytes += chosen[i].Entry.AllocatedSize;
                }
            }

            await UnlessFullAsync(victims.WriteKeptAsync(CancellationToken.None)).ConfigureAwait(false);
            if (gone.All(one => one))
            {
                break;
            }
        }

        await UnlessFullAsync(context.Policy.SaveAsync(context, all: false, CancellationToken.None)).ConfigureAwait(false);
        return popped;

        bool IsMet(long bytes, int count) => bytes >= request.Bytes && count >= request.Count;
    }

    /// <summary>Removes what is still as it was read; says of each whether it went.</summary>
    private async ValueTask<bool[]> RemoveAsync(List<Candidate> chosen, IReadOnlyDictionary<string, long>? minima)
    {
        bool[] gone = new bool[chosen.Count];
        var sent = new List<(int[] Numbers, Task<RedisResult> Answer)>();
        foreach (IGrouping<StoreKeys, int> store in Enumerable.Range(0, chosen.Count).GroupBy(i => chosen[i].Store))
        {
            RedisValue minimum = minima?.TryGetValue(store.Key.StoreId, out long least) == true ? least : RedisValue.EmptyString;
            foreach (int[] numbers in store.Chunk(Page))
            {
                var arguments = new RedisValue[Fixed + (numbers.Length * 2)];
                arguments[1] = store.Key.StoreId;
                arguments[2] = minimum;
                Int128 bytes = 0;
                Int128 allocated = 0;
                int absent = 0;
                for (int i = 0; i < numbers.Length; i++)
                {
                    Row row = chosen[numbers[i]].Row;
                    arguments[Fixed + (i * 2)] = row.Place;
                    arguments[Fixed + 1 + (i * 2)] = row.Head;
                    bytes += row.Entry.Size;
                    allocated += row.Entry.AllocatedSize;
                    absent += row.Entry.Kind == EntryKind.Absent ? 1 : 0;
                }

                arguments[3] = bytes.ToString(CultureInfo.InvariantCulture);
                arguments[4] = allocated.ToString(CultureInfo.InvariantCulture);
                arguments[5] = absent;

                sent.Add((numbers, context.RunAsync(RemoveScript, store.Key.All, arguments).AsTask()));
            }
        }

        ZarrCacheException? failure = null;
        foreach ((int[] numbers, Task<RedisResult> task) in sent)
        {
            try
            {
                RedisResult answer = await task.ConfigureAwait(false);
                foreach (int number in numbers)
                {
                    gone[number] = true;
                }

                for (int i = 1; i < answer.Length; i++)
                {
                    gone[numbers[int.Parse((string)answer[i]!, CultureInfo.InvariantCulture)]] = false;
                }
            }
            catch (ZarrCacheException exception)
            {
                failure = exception;
            }
        }

        context.Remembered.Forget([.. chosen.Select(candidate => candidate.Entry.EntryKey)], all: false);
        return failure is null || gone.Any(one => one) ? gone : throw failure;
    }

    /// <summary>Takes over what another node's policy has learnt.</summary>
    private async ValueTask CatchUpAsync(CancellationToken ct)
    {
        RedisValue[] state = await context.Server.WaitAsync(context.Server.Database.HashGetAsync(context.Keys.State, ["saves", "clock"]), ct).ConfigureAwait(false);
        if (state[0].TryParse(out long saves) && state[1].TryParse(out long clock))
        {
            context.Session.See(clock);
            await context.Policy.CatchUpAsync(context, saves, ct).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for the turn, and no longer than a turn lasts: it saves work, and nothing rests on it.</summary>
    private async ValueTask<string> TakeTurnAsync(CancellationToken ct)
    {
        string token = Guid.NewGuid().ToString("N");
        TimeProvider time = TimeProvider.System; // a wait for other machines, which no clock that is handed in drives
        long start = time.GetTimestamp();
        try
        {
            while (!await context.Server.WaitAsync(context.Server.Database.StringSetAsync(context.Keys.PopTurn, token, Turn, When.NotExists), ct).ConfigureAwait(false)
                && time.GetElapsedTime(start) < Turn)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, 8)), time, ct).ConfigureAwait(false);
            }
        }
        catch (ServerFullException)
        {
            return token; // a turn takes memory, which this pop is to free
        }

        return token;
    }

    /// <summary>Whether what was written found room; what a later pop or flush writes again may be left out.</summary>
    private static async ValueTask<bool> UnlessFullAsync(ValueTask write)
    {
        try
        {
            await write.ConfigureAwait(false);
            return true;
        }
        catch (ServerFullException)
        {
            return false;
        }
    }
}
