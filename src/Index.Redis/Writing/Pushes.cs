using System.Globalization;
using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>
/// Pushes entries. Those of callers who push at the same time are gathered into one script, one after the other, so that sixteen
/// callers cost hardly more than one. Thread-safe.
/// </summary>
/// <remarks>
/// The policy ranks here, by a clock that must be later than any other node's push that is complete: a script that
/// finds the clock of the index at or past it refuses, and is sent again with one that is. What is pushed meanwhile is pushed at the same time, in no order.
/// </remarks>
internal sealed class Pushes(IndexContext context)
{
    /// <summary>So many in one script: about two milliseconds of the server.</summary>
    private const int Batch = 250;

    /// <summary>So many scripts are under way at once when many are pushed.</summary>
    private const int Pipeline = 8;

    private const int Fixed = 10;

    /// <summary>
    /// ARGV: epoch, version of the pins, the first and the last clock, 1 if the clock may be late, store, lifetime of absences, sums of the
    /// sizes, of the allocated sizes and of the absences; for each entry place, entry, scores by priority and by last access, no place
    /// twice. Absences past their time are trimmed on this occasion. Answers with the clock, the saves, and the numbers and entries of what was replaced.
    /// </summary>
    private const string PushScript = Lua.State + Lua.Entries + """
        if state[2] ~= ARGV[2] or (ARGV[5] == '0' and tonumber(state[3]) >= tonumber(ARGV[3])) then return refused() end
        local clock = tonumber(state[3]) < tonumber(ARGV[4]) and ARGV[4] or state[3]
        redis.call('HSET', KEYS[1], 'clock', clock)
        local answer = {'done', clock, state[4]}
        local now, expiry
        if ARGV[7] ~= '' then
          local time = redis.call('TIME')
          now = time[1] * 1000
          expiry = string.format('%.0f', now + tonumber(ARGV[7]))
        end
        local places = {}
        for i = 11, #ARGV, 4 do places[#places + 1] = ARGV[i] end
        local olds = redis.call('HMGET', KEYS[5], unpack(places))
        local rows, access, others, gone = {}, {}, {}, {}
        for n = 1, #places do
          local i = 4 * n + 7
          local place, value, old = places[n], ARGV[i + 1], olds[n]
          if old then
            value = string.sub(old, 1, 8) .. string.sub(value, 9)
            if order(old) ~= order(value) then add(gone, order(old), member(old, place)) end
            if string.byte(old, 9) == 50 then add(gone, KEYS[8], place) end
            count(old, -1)
            answer[#answer + 1] = string.format('%d', n - 1)
            answer[#answer + 1] = old
          else
            add(others, KEYS[6], '0')
            add(others, KEYS[6], place)
          end
          rows[2 * n - 1], rows[2 * n] = place, value
          access[2 * n - 1], access[2 * n] = ARGV[i + 3], place
          add(others, order(value), ARGV[i + 2])
          add(others, order(value), member(value, place))
          if expiry and string.byte(value, 9) == 50 then
            add(others, KEYS[8], expiry)
            add(others, KEYS[8], place)
          end
        end
        call('ZREM', gone)
        redis.call('HSET', KEYS[5], unpack(rows))
        redis.call('ZADD', KEYS[7], unpack(access))
        call('ZADD', others)
        sums.count = sums.count + #places
        sum('bytes', ARGV[8], 1)
        sum('allocated', ARGV[9], 1)
        sum('absent', ARGV[10], 1)
        if expiry then
          places = redis.call('ZRANGEBYSCORE', KEYS[8], '-inf', string.format('%.0f', now), 'LIMIT', 0, 32)
          if #places > 0 then remove(places, redis.call('HMGET', KEYS[5], unpack(places))) end
        end
        settle(ARGV[6])
        return answer
        """;

    /// <summary>Takes clocks for many pushes. ARGV: epoch, the caller's clock, how many. Answers with the last of them.</summary>
    private const string ReserveScript = Lua.State + """
        local clock = string.format('%.0f', math.max(tonumber(state[3]), tonumber(ARGV[2])) + tonumber(ARGV[3]))
        redis.call('HSET', KEYS[1], 'clock', clock)
        return {'done', clock}
        """;

    /// <summary>Guards the two below; held for a moment.</summary>
    private readonly Lock _lock = new();

    private readonly Queue<Waiting> _waiting = new();
    private bool _sending;

    public ValueTask<IndexEntry?> PushAsync(IndexEntry entry, CancellationToken ct)
    {
        var waiting = new Waiting(entry, ct);
        lock (_lock)
        {
            _waiting.Enqueue(waiting);
            if (_sending)
            {
                return new ValueTask<IndexEntry?>(waiting.Replaced.Task);
            }

            _sending = true;
        }

        _ = SendWaitingAsync();
        return new ValueTask<IndexEntry?>(waiting.Replaced.Task);
    }

    public async ValueTask PushManyAsync(ReadOnlyMemory<IndexEntry> entries, CancellationToken ct)
    {
        RedisResult reserved = await context.RunAsync(ReserveScript, [context.Keys.State], [default, context.Clock.Value, entries.Length], ct).ConfigureAwait(false);
        long clock = Refusal.Number(reserved[1]) - entries.Length;
        var sending = new List<(Group Group, Task<RedisResult> Sent)>();
        var open = new Dictionary<string, Group>(StringComparer.Ordinal);
        for (int i = 0; i < entries.Length; i++)
        {
            IndexEntry entry = entries.Span[i];
            if (!open.TryGetValue(entry.StoreId, out Group? group) || group.Count == Batch || group.Has(entry.EntryKey))
            {
                if (group is not null)
                {
                    sending.Add((group, Send(group, late: true)));
                    if (sending.Count == Pipeline)
                    {
                        await FinishAsync(sending).ConfigureAwait(false);
                        ct.ThrowIfCancellationRequested();
                    }
                }

                open[entry.StoreId] = group = new Group(entry.StoreId);
            }

            group.Add(entry, ++clock);
        }

        sending.AddRange(open.Values.Select(group => (group, Send(group, late: true))));
        await FinishAsync(sending).ConfigureAwait(false);
    }

    private async Task SendWaitingAsync()
    {
        while (true)
        {
            var groups = new Dictionary<string, Group>(StringComparer.Ordinal);
            lock (_lock)
            {
                for (int taken = 0; taken < Batch && _waiting.TryPeek(out Waiting? waiting); taken++)
                {
                    if (!groups.TryGetValue(waiting.Entry.StoreId, out Group? group))
                    {
                        groups.Add(waiting.Entry.StoreId, group = new Group(waiting.Entry.StoreId));
                    }

                    if (group.Has(waiting.Entry.EntryKey))
                    {
                        break;
                    }

                    _waiting.Dequeue();
                    if (waiting.Ct.IsCancellationRequested)
                    {
                        waiting.Replaced.TrySetCanceled(waiting.Ct);
                        continue;
                    }

                    group.Add(waiting);
                }

                if (groups.Count == 0)
                {
                    _sending = false;
                    return;
                }
            }

            var sending = new List<(Group Group, Task<RedisResult> Sent)>(groups.Count);
            foreach (Group group in groups.Values.Where(group => group.Count > 0))
            {
                sending.Add((group, Send(group, late: false)));
            }

            foreach ((Group group, Task<RedisResult> sent) in sending)
            {
                try
                {
                    await FinishAsync(group, sent).ConfigureAwait(false);
                }
                catch (Exception exception)
                {
                    group.Fail(exception);
                }
            }
        }
    }

    private async ValueTask FinishAsync(List<(Group Group, Task<RedisResult> Sent)> sending)
    {
        Exception? failure = null;
        foreach ((Group group, Task<RedisResult> sent) in sending)
        {
            try
            {
                await FinishAsync(group, sent).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                failure ??= exception; // the others are waited for all the same
            }
        }

        sending.Clear();
        if (failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>Ranks the entries of a group and sends them; what fails there fails the task.</summary>
    private async Task<RedisResult> Send(Group group, bool late)
    {
        Knowledge known = context.Session.Known;
        var arguments = new RedisValue[Fixed + (group.Count * 4)];
        long first = long.MaxValue;
        long last = 0;
        Int128 bytes = 0;
        Int128 allocated = 0;
        int absent = 0;
        for (int i = 0; i < group.Count; i++)
        {
            IndexEntry entry = group.Entries[i];
            long clock = group.Clocks.Count > 0 ? group.Clocks[i] : context.Clock.Next();
            (first, last) = (Math.Min(first, clock), clock);
            entry = entry with { AccessClock = clock, Referenced = false, Retention = known.Pins.RetentionOf(entry.StoreId, entry.Key) };
            entry = entry with { Priority = context.Policy.Ask(policy => Priorities.OnPush(policy, entry, clock)) };
            int at = Fixed + (i * 4);
            arguments[at] = Place.Of(entry.EntryKey);
            arguments[at + 1] = EntryFormat.Write(entry, clock);
            arguments[at + 2] = Scores.OfPriority(entry.Priority);
            arguments[at + 3] = Scores.OfAccess(entry.LastAccess);
            bytes += entry.Size;
            allocated += entry.AllocatedSize;
            absent += entry.Kind == EntryKind.Absent ? 1 : 0;
        }

        arguments[0] = known.Epoch;
        arguments[1] = known.PinsVersion;
        arguments[2] = first;
        arguments[3] = last;
        arguments[4] = late ? 1 : 0;
        arguments[5] = group.StoreId;
        arguments[6] = context.Lifetime;
        arguments[7] = bytes.ToString(CultureInfo.InvariantCulture);
        arguments[8] = allocated.ToString(CultureInfo.InvariantCulture);
        arguments[9] = absent;
        return await context.Server.RunAsync(PushScript, context.Keys.For(group.StoreId).All, arguments).ConfigureAwait(false);
    }

    /// <summary>Waits for a group, sends it again as long as it is refused, and tells its callers.</summary>
    private async ValueTask FinishAsync(Group group, Task<RedisResult> sent)
    {
        RedisResult answer;
        try
        {
            answer = await sent.ConfigureAwait(false);
            while (Refusal.TryRead(answer, out Refusal refusal))
            {
                await context.Session.LearnAsync(refusal, CancellationToken.None).ConfigureAwait(false);
                answer = await Send(group, late: true).ConfigureAwait(false);
            }
        }
        finally
        {
            context.Remembered.Forget(group.Keys, all: false);
        }

        context.Session.See(Refusal.Number(answer[1]));
        await context.Policy.CatchUpAsync(context, Refusal.Number(answer[2]), CancellationToken.None).ConfigureAwait(false);
        var replaced = new IndexEntry?[group.Count];
        for (int i = 3; i < answer.Length; i += 2)
        {
            int number = int.Parse((string)answer[i]!, CultureInfo.InvariantCulture);
            EntryKey key = group.Keys[number];
            replaced[number] = EntryFormat.Read((byte[])answer[i + 1]!, key.StoreId, key.Key, key.Offset);
        }

        group.Succeed(replaced, context);
    }

    /// <summary>Who waits for a push.</summary>
    private sealed record Waiting(IndexEntry Entry, CancellationToken Ct)
    {
        public TaskCompletionSource<IndexEntry?> Replaced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Entries of one store that are pushed by one script, no place twice.</summary>
    private sealed class Group(string storeId)
    {
        private readonly List<Waiting> _callers = [];
        private readonly HashSet<EntryKey> _places = [];

        public string StoreId => storeId;

        public List<IndexEntry> Entries { get; } = [];

        public List<EntryKey> Keys { get; } = [];

        /// <summary>The clocks that were taken for them; empty if they are given some when they are sent.</summary>
        public List<long> Clocks { get; } = [];

        public int Count => Entries.Count;

        public bool Has(EntryKey key) => _places.Contains(key);

        public void Add(Waiting waiting)
        {
            _callers.Add(waiting);
            Add(waiting.Entry);
        }

        public void Add(IndexEntry entry, long clock)
        {
            Clocks.Add(clock);
            Add(entry);
        }

        private void Add(IndexEntry entry)
        {
            Entries.Add(entry);
            Keys.Add(entry.EntryKey);
            _places.Add(entry.EntryKey);
        }

        /// <summary>Accesses that wait were of what was there before.</summary>
        public void Succeed(IndexEntry?[] replaced, IndexContext context)
        {
            for (int i = 0; i < replaced.Length; i++)
            {
                IndexEntry? before = null;
                if (replaced[i] is { } old)
                {
                    before = context.Removed(old);
                }
                else
                {
                    context.Marks.TryTake(Keys[i], out _);
                }

                if (_callers.Count > 0)
                {
                    _callers[i].Replaced.TrySetResult(before);
                }
            }
        }

        public void Fail(Exception exception) => _callers.ForEach(caller => caller.Replaced.TrySetException(exception));
    }
}
