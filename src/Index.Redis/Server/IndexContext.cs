using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>What the parts of an open index share.</summary>
internal sealed class IndexContext
{
    public IndexContext(RedisServer server, RedisStoreIndexOptions options)
    {
        Server = server;
        Keys = new CacheKeys(options.Prefix);
        Policy = new PolicyMemory(options.Policy.ForIndex());
        Marks = new PendingMarks(Clock);
        Remembered = new RememberedEntries(options.RememberedEntries);
        Lifetime = options.AbsentLifetime == Timeout.InfiniteTimeSpan ? RedisValue.EmptyString : (RedisValue)(long)options.AbsentLifetime.TotalMilliseconds;
        Session = new Session(this, options.SessionTimeout);
        Changes = new EntryChanges(this);
        Pins = new Pins(this);
    }

    public RedisServer Server { get; }

    public CacheKeys Keys { get; }

    public LogicalClock Clock { get; } = new();

    public PolicyMemory Policy { get; }

    public PendingMarks Marks { get; }

    public RememberedEntries Remembered { get; }

    public Session Session { get; }

    public EntryChanges Changes { get; }

    public Pins Pins { get; }

    /// <summary>How long an absence is kept, milliseconds; empty for ever.</summary>
    public RedisValue Lifetime { get; }

    /// <summary>
    /// Runs a script that begins with <see cref="Lua.State"/>; its first argument, the epoch, is put in here. Where the server has lost its
    /// data the index is made anew, and the script run on the empty one.
    /// </summary>
    public async ValueTask<RedisResult> RunAsync(string script, RedisKey[] keys, RedisValue[] arguments, CancellationToken ct = default)
    {
        while (true)
        {
            string epoch = Session.Known.Epoch;
            arguments[0] = epoch;
            RedisResult answer = await Server.RunAsync(script, keys, arguments, ct).ConfigureAwait(false);
            if (!Refusal.TryRead(answer, out Refusal refusal) || refusal.Epoch == epoch)
            {
                return answer;
            }

            await Session.LearnAsync(refusal, ct).ConfigureAwait(false);
        }
    }

    /// <summary>An entry that is gone, with the accesses that were not written yet.</summary>
    public IndexEntry Removed(IndexEntry entry) =>
        Marks.TryTake(entry.EntryKey, out PendingMark mark) ? Policy.Ask(policy => mark.ApplyTo(entry, policy)) : entry;
}
