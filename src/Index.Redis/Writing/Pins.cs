using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>
/// The pins, which all nodes share. A pin comes first, and its version with it, without which no push is taken; then the entries that
/// are there already get their retention. What was broken off in the middle is finished by who opens the index next. Thread-safe.
/// </summary>
internal sealed class Pins(IndexContext context)
{
    private const string Applied = "applied";
    private const string Applying = "applying";
    private const string Releasing = "releasing";
    private const int Page = 500;

    /// <summary>ARGV: epoch, pin, state. Answers with the state before, and the version.</summary>
    private const string SetScript = Lua.State + """
        local before = redis.call('HGET', KEYS[2], ARGV[2]) or ''
        redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
        return {'done', before, redis.call('HINCRBY', KEYS[1], 'pins', 1)}
        """;

    /// <summary>Ends what was begun, unless it was pinned or released again meanwhile, and that call ends it. ARGV: epoch, pin, state in the middle, state at the end or nothing to remove it.</summary>
    private const string EndScript = Lua.State + """
        if redis.call('HGET', KEYS[2], ARGV[2]) == ARGV[3] then
          if ARGV[4] == '' then redis.call('HDEL', KEYS[2], ARGV[2]) else redis.call('HSET', KEYS[2], ARGV[2], ARGV[4]) end
        end
        return {'done'}
        """;

    private const string ReadScript = """
        return {redis.call('HGET', KEYS[1], 'pins') or '0', redis.call('HGETALL', KEYS[2])}
        """;

    public async ValueTask<IndexTotals> PinAsync(Pin pin, CancellationToken ct)
    {
        await SetAsync(pin, Applying, ct).ConfigureAwait(false);
        return await FinishAsync(pin, Applying, ct).ConfigureAwait(false);
    }

    public async ValueTask<bool> UnpinAsync(Pin pin, CancellationToken ct)
    {
        if (!(await ReadStatesAsync(ct).ConfigureAwait(false)).States.ContainsKey(pin))
        {
            return false;
        }

        string before = await SetAsync(pin, Releasing, ct).ConfigureAwait(false);
        await FinishAsync(pin, Releasing, ct).ConfigureAwait(false);
        return before is Applied or Applying;
    }

    public async ValueTask<IReadOnlyList<Pin>> ListAsync(CancellationToken ct) => (await ReadAsync(ct).ConfigureAwait(false)).Pins.ToList();

    /// <summary>The pins that hold, and how often they were changed.</summary>
    public async ValueTask<(long Version, PinSet Pins)> ReadAsync(CancellationToken ct)
    {
        (long version, Dictionary<Pin, string> states) = await ReadStatesAsync(ct).ConfigureAwait(false);
        var pins = new PinSet();
        foreach ((Pin pin, string state) in states)
        {
            if (state != Releasing)
            {
                pins.Add(pin);
            }
        }

        return (version, pins);
    }

    /// <summary>Pins what an index that was lost had pinned.</summary>
    public async ValueTask RestoreAsync(PinSet pins, CancellationToken ct)
    {
        foreach (Pin pin in pins.ToList())
        {
            await PinAsync(pin, ct).ConfigureAwait(false);
        }
    }

    /// <summary>Goes on with what was broken off in the middle. Done twice at once it does no harm.</summary>
    public async ValueTask FinishAllAsync(CancellationToken ct)
    {
        foreach ((Pin pin, string state) in (await ReadStatesAsync(ct).ConfigureAwait(false)).States)
        {
            if (state != Applied)
            {
                await FinishAsync(pin, state, ct).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask<string> SetAsync(Pin pin, string state, CancellationToken ct)
    {
        RedisResult answer = await context.RunAsync(SetScript, [context.Keys.State, context.Keys.Pins], [default, Name(pin), state], ct).ConfigureAwait(false);
        string epoch = context.Session.Known.Epoch;
        await context.Session.LearnAsync(new Refusal(epoch, Refusal.Number(answer[2]), 0, 0), ct).ConfigureAwait(false);
        return (string)answer[1]!;
    }

    /// <summary>Gives the entries below a pin their retention, and returns what they amount to.</summary>
    private async ValueTask<IndexTotals> FinishAsync(Pin pin, string state, CancellationToken ct)
    {
        IndexTotals sum = default;
        StoreKeys store = context.Keys.For(pin.StoreId);
        var pages = new KeyPages(context.Server, store, pin.Prefix, descending: false);
        for (bool more = true; more;)
        {
            (more, Task<List<Row>> rows) = await pages.BeginAsync(Page, ct).ConfigureAwait(false);
            PinSet pins = context.Session.Known.Pins;
            var changed = new List<byte[]>();
            foreach (Row row in await rows.ConfigureAwait(false))
            {
                sum += IndexTotals.Of(row.Entry);
                if (row.Entry.Retention != pins.RetentionOf(pin.StoreId, row.Entry.Key))
                {
                    changed.Add(row.Place);
                }
            }

            await context.Changes.ApplyAsync(store, changed, (_, entry) => entry with { Retention = pins.RetentionOf(entry.StoreId, entry.Key) }, ct).ConfigureAwait(false);
        }

        context.Remembered.Forget([], all: true);
        await context.RunAsync(
            EndScript, [context.Keys.State, context.Keys.Pins], [default, Name(pin), state, state == Applying ? Applied : RedisValue.EmptyString], ct).ConfigureAwait(false);
        return sum;
    }

    private async ValueTask<(long Version, Dictionary<Pin, string> States)> ReadStatesAsync(CancellationToken ct)
    {
        RedisResult answer = await context.Server.RunAsync(ReadScript, [context.Keys.State, context.Keys.Pins], [], ct).ConfigureAwait(false);
        var states = new Dictionary<Pin, string>();
        RedisResult all = answer[1];
        for (int i = 0; i < all.Length; i += 2)
        {
            string name = (string)all[i]!;
            int end = name.IndexOf('\0', StringComparison.Ordinal);
            states[new Pin(name[..end], name[(end + 1)..])] = (string)all[i + 1]!;
        }

        return (Refusal.Number(answer[0]), states);
    }

    private static string Name(Pin pin) => pin.StoreId + "\0" + pin.Prefix;
}
