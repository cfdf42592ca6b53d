using StackExchange.Redis;

namespace ZarrCache.Index.Redis;

/// <summary>
/// The rows of one sorted set in its order, read page by page and given one by one. A page begins after the last member of the one
/// before, by rank; if that is gone or has moved, after all of its old score that sort before it. Not thread-safe.
/// </summary>
/// <param name="server">The server.</param>
/// <param name="store">The store.</param>
/// <param name="order">The sorted set.</param>
/// <param name="prefix">The bytes of each member before its place.</param>
/// <param name="descending">The largest score first.</param>
internal sealed class OrderPages(RedisServer server, StoreKeys store, RedisKey order, int prefix, bool descending)
{
    private const int LargestPage = 1000;

    /// <summary>
    /// ARGV: the last member and its score, or nothing; how many; the length of the prefix; the names of two commands. Answers with
    /// members, entries, the score of the last, and the scores of all if some of them may have been given before.
    /// </summary>
    private const string PageScript = """
        local start = 0
        local again = false
        if ARGV[2] ~= '' then
          local rank = redis.call(ARGV[5], KEYS[1], ARGV[1])
          if rank and redis.call('ZSCORE', KEYS[1], ARGV[1]) == ARGV[2] then
            start = rank + 1
          else
            again = true
            if ARGV[6] == 'ZRANGE' then
              start = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. ARGV[2])
            else
              start = redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[2], '+inf')
            end
          end
        end
        local members = redis.call(ARGV[6], KEYS[1], start, start + ARGV[3] - 1)
        if #members == 0 then return {} end
        local places, scores = {}, {}
        for n = 1, #members do
          places[n] = string.sub(members[n], ARGV[4] + 1)
          if again then scores[n] = redis.call('ZSCORE', KEYS[1], members[n]) end
        end
        return {members, redis.call('HMGET', KEYS[2], unpack(places)), redis.call('ZSCORE', KEYS[1], members[#members]), scores}
        """;

    private readonly RedisKey[] _keys = [order, store.Entries];
    private readonly Queue<Row> _rows = new();
    private byte[] _lastMember = [];
    private string _lastScore = "";

    public StoreKeys Store => store;

    /// <summary>The next row, if <see cref="FillAsync"/> found one.</summary>
    public Row? Next => _rows.TryPeek(out Row? row) ? row : null;

    public Row Take() => _rows.Dequeue();

    /// <summary>Reads a page if there is no row; false if there are none any more.</summary>
    public async ValueTask<bool> FillAsync(int count, CancellationToken ct)
    {
        while (_rows.Count == 0)
        {
            RedisResult answer = await server.RunAsync(
                PageScript,
                _keys,
                [_lastMember, _lastScore, Math.Min(count, LargestPage), prefix, descending ? "ZREVRANK" : "ZRANK", descending ? "ZREVRANGE" : "ZRANGE"],
                ct).ConfigureAwait(false);
            if (answer.Length == 0)
            {
                return false;
            }

            Add(answer[0], answer[1], answer[3]);
            _lastScore = (string)answer[2]!;
        }

        return true;
    }

    private void Add(RedisResult members, RedisResult values, RedisResult scores)
    {
        for (int i = 0; i < values.Length; i++)
        {
            byte[] member = (byte[])members[i]!;
            if (!values[i].IsNull && (scores.Length == 0 || !WasGiven(member, (string)scores[i]!)))
            {
                _rows.Enqueue(Row.Read(store.StoreId, member[prefix..], (byte[])values[i]!));
            }
        }

        _lastMember = (byte[])members[values.Length - 1]!;
    }

    private bool WasGiven(byte[] member, string score) =>
        score == _lastScore && member.AsSpan().SequenceCompareTo(_lastMember) is var compared && (descending ? compared >= 0 : compared <= 0);
}
