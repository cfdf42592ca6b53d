using System.Globalization;
using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>Leases on places that are being fetched: a key each, which the server forgets by itself when it runs out. Thread-safe.</summary>
internal sealed class FetchLeases(IndexContext context, TimeSpan duration)
{
    /// <summary>ARGV: who wants it, for how many milliseconds. Answers with who has it.</summary>
    private const string TakeScript = """
        if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return ARGV[1] end
        return redis.call('GET', KEYS[1])
        """;

    private const string ProlongScript = """
        if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
        return 0
        """;

    private const string ReleaseScript = """
        if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
        return 0
        """;

    private readonly RedisValue _milliseconds = (long)duration.TotalMilliseconds;

    public async ValueTask<long> TakeAsync(EntryKey place, long holder, CancellationToken ct)
    {
        RedisResult answer = await context.Server.RunAsync(TakeScript, [context.Keys.Fetch(place)], [holder, _milliseconds], ct).ConfigureAwait(false);
        return answer.IsNull ? 0 : long.Parse((string)answer!, CultureInfo.InvariantCulture);
    }

    public async ValueTask ProlongAsync(IReadOnlyCollection<EntryKey> places, long holder, CancellationToken ct) =>
        await Task.WhenAll(places.Select(place => RunAsync(ProlongScript, place, [holder, _milliseconds], ct))).ConfigureAwait(false);

    public Task ReleaseAsync(EntryKey place, long holder, CancellationToken ct) => RunAsync(ReleaseScript, place, [holder], ct);

    private async Task RunAsync(string script, EntryKey place, RedisValue[] arguments, CancellationToken ct) =>
        await context.Server.RunAsync(script, [context.Keys.Fetch(place)], arguments, ct).ConfigureAwait(false);
}
