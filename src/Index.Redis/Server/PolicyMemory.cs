using System.Globalization;
using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>
/// This node's instance of the eviction policy, and what it remembers, which all nodes keep in one place: written by who evicts,
/// every 1,024 changes and on a flush, and read by the others when they next hear of it. Of two that evict by turns the one that
/// wrote last is believed: what the other has not written yet is lost to both, which costs no more than a guess.
/// </summary>
internal sealed class PolicyMemory(EvictionPolicy policy)
{
    private const int ChangesToSave = 1024;

    /// <summary>Counts up the saves, so that others hear of it.</summary>
    private const string SaveScript = Lua.State + """
        redis.call('SET', KEYS[2], ARGV[2])
        return {'done', redis.call('HINCRBY', KEYS[1], 'saves', 1)}
        """;

    /// <summary>Guards the policy and the two numbers; held for its arithmetic, and never across I/O.</summary>
    private readonly Lock _lock = new();

    private long _savedChanges;
    private long _saves;

    public string Name => policy.Name;

    public bool AdmitsAll => policy.AdmitsAll;

    /// <summary>Asks the policy something, one caller at a time.</summary>
    public T Ask<T>(Func<EvictionPolicy, T> question)
    {
        lock (_lock)
        {
            return question(policy);
        }
    }

    /// <summary>Takes over what another node wrote, if <paramref name="saves"/> says that one did.</summary>
    public async ValueTask CatchUpAsync(IndexContext context, long saves, CancellationToken ct)
    {
        lock (_lock)
        {
            if (saves == _saves)
            {
                return;
            }
        }

        byte[]? state = await context.Server.WaitAsync(context.Server.Database.StringGetAsync(context.Keys.Policy), ct).ConfigureAwait(false);
        lock (_lock)
        {
            policy.LoadState(state);
            _savedChanges = policy.Changes;
            _saves = saves;
        }
    }

    /// <summary>Writes what the policy remembers, if enough has changed, or anything and <paramref name="all"/>.</summary>
    public async ValueTask SaveAsync(IndexContext context, bool all, CancellationToken ct)
    {
        byte[] state;
        long changes;
        lock (_lock)
        {
            changes = policy.Changes;
            if (changes == _savedChanges || (!all && changes - _savedChanges < ChangesToSave))
            {
                return;
            }

            state = policy.SaveState();
        }

        RedisResult saved = await context.RunAsync(SaveScript, [context.Keys.State, context.Keys.Policy], [default, state], ct).ConfigureAwait(false);
        lock (_lock)
        {
            _savedChanges = changes;
            _saves = long.Parse((string)saved[1]!, CultureInfo.InvariantCulture);
        }
    }
}
