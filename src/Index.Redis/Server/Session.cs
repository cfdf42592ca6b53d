using System.Diagnostics.CodeAnalysis;
using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>What a node knows of the index and must know to write to it.</summary>
/// <param name="Epoch">Drawn anew whenever the index is made: on a server that lost its data it is another one.</param>
/// <param name="PinsVersion">How often pins were changed.</param>
/// <param name="Pins">The pins; not changed once it is here.</param>
internal sealed record Knowledge(string Epoch, long PinsVersion, PinSet Pins);

/// <summary>
/// A node's membership: it enters when it opens the index, makes it if there is none, gives signs of life and leaves when it closes. Who
/// gives none for too long is taken for dead, and the index for unclean until it was swept. Thread-safe.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore has no wait handle: it holds nothing, and disposing of it would race with who waits.")]
internal sealed class Session(IndexContext context, TimeSpan timeout)
{
    /// <summary>The version of the layout of keys and entries.</summary>
    private const int Format = 1;

    /// <summary>Milliseconds by the server's clock, so that nodes need not agree on the time.</summary>
    private const string Now = """
        local time = redis.call('TIME')
        local function at(milliseconds)
          return string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) + milliseconds)
        end
        local function bury(timeout)
          local dead = redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', at(-tonumber(timeout)))
          if dead > 0 then redis.call('HSETNX', KEYS[1], 'unswept', 'Unclean') end
        end

        """;

    /// <summary>Makes the index if there is none, takes note of the dead, and joins. ARGV: format, epoch if it is made, session, policy, timeout.</summary>
    private const string EnterScript = Now + """
        local format = redis.call('HGET', KEYS[1], 'format')
        if not format then
          redis.call('HSET', KEYS[1], 'format', ARGV[1], 'epoch', ARGV[2], 'policy', ARGV[4], 'clock', '0', 'pins', '0', 'saves', '0', 'unswept', 'Created')
        elseif tonumber(format) > tonumber(ARGV[1]) then
          return {'newer', format}
        end
        bury(ARGV[5])
        redis.call('ZREM', KEYS[2], ARGV[3])
        local others = redis.call('ZCARD', KEYS[2])
        local policy = redis.call('HGET', KEYS[1], 'policy')
        if policy ~= ARGV[4] then
          if others > 0 then return {'policy', policy} end
          redis.call('HSET', KEYS[1], 'policy', ARGV[4], 'ranking', '1')
          redis.call('DEL', KEYS[3])
        end
        redis.call('ZADD', KEYS[2], at(0), ARGV[3])
        local state = redis.call('HMGET', KEYS[1], 'epoch', 'clock', 'saves', 'unswept', 'ranking')
        return {'entered', state[1], state[2], state[3], state[4] or 'Clean', (state[5] and others == 0) and '1' or '0'}
        """;

    /// <summary>Says that the node lives. A clock that went back is that of a server which came back with older data. ARGV: epoch, session, timeout, the clock that was seen.</summary>
    private const string BeatScript = Lua.State + Now + """
        bury(ARGV[3])
        if tonumber(state[3]) < tonumber(ARGV[4]) then redis.call('HSETNX', KEYS[1], 'unswept', 'Unclean') end
        redis.call('ZADD', KEYS[2], at(0), ARGV[2])
        return {'done', state[3]}
        """;

    private const string LeaveScript = "return redis.call('ZREM', KEYS[1], ARGV[1])";

    private readonly string _id = Guid.NewGuid().ToString("N");

    /// <summary>Held by the one who enters again or learns of other pins, while others wait for what it learns.</summary>
    private readonly SemaphoreSlim _learning = new(1, 1);

    private volatile Knowledge _known = new("", 0, new PinSet());
    private long _clockSeen;
    private long _generation;

    public Knowledge Known => _known;

    /// <summary>How often the index was found made anew since it was entered.</summary>
    public long Generation => Interlocked.Read(ref _generation);

    /// <summary>In what condition the index was found when it was entered.</summary>
    public IndexCondition Condition { get; private set; }

    /// <summary>Whether all entries must be ranked anew, because the policy is another one than they were ranked by.</summary>
    public bool MustRank { get; private set; }

    /// <exception cref="CacheFormatException">A newer version made the index.</exception>
    /// <exception cref="ZarrCacheException">Others use it with another policy, or the server failed.</exception>
    public async ValueTask EnterAsync(CancellationToken ct)
    {
        RedisResult answer = await context.Server.RunAsync(
            EnterScript,
            [context.Keys.State, context.Keys.Sessions, context.Keys.Policy],
            [Format, Guid.NewGuid().ToString("N"), _id, context.Policy.Name, (long)timeout.TotalMilliseconds],
            ct).ConfigureAwait(false);
        switch ((string?)answer[0])
        {
            case "newer":
                throw new CacheFormatException($"The index at {context.Server.Address} has format {answer[1]}; this program knows formats up to {Format}. Use the newer ZarrCache that wrote it, or another prefix.");
            case "policy":
                throw new ZarrCacheException($"The index at {context.Server.Address} is in use with the policy '{answer[1]}'; it cannot be opened with '{context.Policy.Name}' meanwhile.");
        }

        Condition = Enum.TryParse((string)answer[4]!, out IndexCondition condition) ? condition : IndexCondition.Unclean;
        MustRank = (string?)answer[5] == "1";
        See(Refusal.Number(answer[2]));
        await context.Policy.CatchUpAsync(context, Refusal.Number(answer[3]), ct).ConfigureAwait(false);
        (long version, PinSet pins) = await context.Pins.ReadAsync(ct).ConfigureAwait(false);
        _known = new Knowledge((string)answer[1]!, version, pins);
    }

    /// <summary>Learns what a script said when it refused. A server that lost its data is given back what this node knows: pins, and the policy's memory.</summary>
    public async ValueTask LearnAsync(Refusal refusal, CancellationToken ct)
    {
        context.Clock.AdvanceTo(refusal.Clock);
        Knowledge? lost = null;
        await _learning.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            Knowledge known = _known;
            if (refusal.Epoch != known.Epoch)
            {
                await EnterAsync(ct).ConfigureAwait(false);
                lost = known.Epoch == _known.Epoch ? null : known;
            }
            else if (refusal.Pins != known.PinsVersion)
            {
                (long version, PinSet pins) = await context.Pins.ReadAsync(ct).ConfigureAwait(false);
                _known = known with { PinsVersion = version, Pins = pins };
            }
        }
        finally
        {
            _learning.Release();
        }

        if (lost is not null)
        {
            Interlocked.Increment(ref _generation);
            context.Remembered.Forget([], all: true);
            await context.Pins.RestoreAsync(lost.Pins, ct).ConfigureAwait(false);
            await context.Policy.SaveAsync(context, all: true, ct).ConfigureAwait(false);
        }
    }

    /// <summary>A script told the clock of the index.</summary>
    public void See(long clock)
    {
        context.Clock.AdvanceTo(clock);
        Interlocked.Exchange(ref _clockSeen, clock);
    }

    /// <summary>Says that the node lives.</summary>
    public async ValueTask BeatAsync(CancellationToken ct)
    {
        RedisResult answer = await context.RunAsync(
            BeatScript,
            [context.Keys.State, context.Keys.Sessions],
            [default, _id, (long)timeout.TotalMilliseconds, Interlocked.Read(ref _clockSeen)],
            ct).ConfigureAwait(false);
        See(Refusal.Number(answer[1]));
    }

    public async ValueTask LeaveAsync() =>
        await context.Server.RunAsync(LeaveScript, [context.Keys.Sessions], [_id]).ConfigureAwait(false);

    /// <summary>Files and rows agree.</summary>
    public async ValueTask ConfirmSweptAsync(CancellationToken ct) =>
        await context.Server.WaitAsync(context.Server.Database.HashDeleteAsync(context.Keys.State, "unswept"), ct).ConfigureAwait(false);

    /// <summary>All entries have the priorities of the policy.</summary>
    public async ValueTask ConfirmRankedAsync(CancellationToken ct) =>
        await context.Server.WaitAsync(context.Server.Database.HashDeleteAsync(context.Keys.State, "ranking"), ct).ConfigureAwait(false);
}
