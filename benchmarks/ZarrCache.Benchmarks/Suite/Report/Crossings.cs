using ZarrCache.Benchmarks.Harness;

namespace ZarrCache.Benchmarks.Suite.Report;

/// <summary>
/// Which index for how many keys. All is computed from what was measured: what a hit and a miss cost in each index, beside what
/// the file system takes for the chunk itself, and the number of keys from which on an index costs as much as the chunk.
/// </summary>
/// <param name="indexes">What the operations of the indexes cost.</param>
/// <param name="storages">What reads and writes of the storages cost.</param>
/// <param name="memory">What a filled index takes, by its name and its keys.</param>
internal sealed class Crossings(SuiteRow[] indexes, SuiteRow[] storages, IReadOnlyDictionary<(string Subject, long Keys), long> memory)
{
    /// <summary>The chunk whose own cost tells what an index may cost.</summary>
    private const int ChunkSize = 64 << 10;

    private static readonly string Standard = Name(IndexReach.Processes);

    private static readonly (IndexReach Reach, string Need)[] Needs =
    [
        (IndexReach.Process, "nothing is kept when the process ends"),
        (IndexReach.OneProcess, "kept; one process at a time"),
        (IndexReach.Processes, "kept; processes of one machine share it"),
        (IndexReach.Machines, "many machines share it"),
    ];

    private readonly long[] _keys = [.. indexes.Select(row => row.Size).Distinct().Order()];
    private readonly string[] _subjects = [.. IndexBackend.All.Select(backend => backend.Name).Where(name => indexes.Any(row => row.Subject == name))];

    /// <summary>The sentence that answers the question, with the figures behind it.</summary>
    public string Summary()
    {
        if (ChunkRead is null || ChunkWrite is null)
        {
            return "Which index for how many keys is not known as long as the file system was not measured too.";
        }

        double? crossing = Least(Crossing(Standard, HitCost, ChunkRead), Crossing(Standard, MissCost, ChunkWrite));
        string until = crossing is { } keys
            ? $"{Standard} until about {Text.Count(Rounded(keys))} keys, from where on it costs as much as reading or writing the chunk of {Text.Bytes(ChunkSize)} itself"
            : $"{Standard} as far as was measured, {Text.Count(_keys.LastOrDefault(keys => Cost(Standard, HitCost, keys) is not null))} keys, since it costs less than the chunk of {Text.Bytes(ChunkSize)} itself";
        string fast = Name(IndexReach.OneProcess);
        string times = Cost(fast, HitCost, _keys[^1]) is { } quick && Cost(Standard, HitCost, _keys[^1]) is { } usual
            ? $" (with {Text.Count(_keys[^1])} keys a hit costs {Text.Duration(quick)} instead of {Text.Duration(usual)})"
            : "";
        return $"{until}; {fast} beyond, in one process at a time{times}; {Name(IndexReach.Machines)} for many machines.";
    }

    /// <summary>For each need the index that costs least, by the number of keys.</summary>
    public IEnumerable<string> Choice()
    {
        yield return $"| What is needed | {string.Join(" | ", _keys.Select(keys => $"{Text.Count(keys)} keys"))} |";
        yield return $"|---|{string.Concat(_keys.Select(_ => "---|"))}";
        foreach ((IndexReach reach, string need) in Needs)
        {
            yield return $"| {need} | {string.Join(" | ", _keys.Select(keys => Cheapest(reach, keys)))} |";
        }
    }

    /// <summary>What a hit and a miss cost in each index, its memory and its opening, beside the chunk itself.</summary>
    public IEnumerable<string> Costs()
    {
        yield return $"| | {string.Join(" | ", _keys.Select(keys => $"{Text.Count(keys)} keys"))} | as much as the chunk from |";
        yield return $"|---|{string.Concat(_keys.Select(_ => "---|"))}---|";
        foreach (string subject in _subjects)
        {
            yield return Row($"{subject}: a hit, find and mark", keys => Cost(subject, HitCost, keys), Crossing(subject, HitCost, ChunkRead));
            yield return Row($"{subject}: a miss, find, push and pop", keys => Cost(subject, MissCost, keys), Crossing(subject, MissCost, ChunkWrite));
        }

        yield return $"| file system: read {Text.Bytes(ChunkSize)} | {string.Join(" | ", _keys.Select(_ => Duration(ChunkRead)))} | |";
        yield return $"| file system: write {Text.Bytes(ChunkSize)}, erase an older one | {string.Join(" | ", _keys.Select(_ => Duration(ChunkWrite)))} | |";
        foreach (string subject in _subjects.Where(subject => indexes.Any(row => row.Subject == subject && row.What == IndexOperations.Reopen)))
        {
            yield return $"| {subject}: opening | {string.Join(" | ", _keys.Select(keys => Duration(Find(subject, IndexOperations.Reopen, keys))))} | |";
        }

        foreach (string subject in _subjects)
        {
            yield return $"| {subject}: memory | {string.Join(" | ", _keys.Select(keys => memory.TryGetValue((subject, keys), out long bytes) ? Text.Bytes(bytes) : ""))} | |";
        }
    }

    private double? ChunkRead => Chunk(StorageBenchmarks.Read);

    private double? ChunkWrite => Chunk(StorageBenchmarks.Write);

    private static IEnumerable<string> HitCost => [IndexOperations.Find, IndexOperations.Mark];

    private static IEnumerable<string> MissCost => [IndexOperations.Find, IndexOperations.Push, IndexOperations.Pop];

    private static string Name(IndexReach reach) => IndexBackend.All.First(backend => backend.Reach == reach).Name;

    private string Row(string what, Func<long, double?> cost, double? crossing) =>
        $"| {what} | {string.Join(" | ", _keys.Select(keys => Duration(cost(keys))))} | {(crossing is { } keys ? $"about {Text.Count(Rounded(keys))} keys" : "not reached")} |";

    /// <summary>The cheapest of those that have what is needed, by a hit and a miss.</summary>
    private string Cheapest(IndexReach reach, long keys)
    {
        var best = IndexBackend.All.Where(backend => backend.Reach >= reach)
            .Select(backend => (backend.Name, Hit: Cost(backend.Name, HitCost, keys), Miss: Cost(backend.Name, MissCost, keys)))
            .Where(one => one.Hit is not null && one.Miss is not null)
            .OrderBy(one => one.Hit + one.Miss)
            .FirstOrDefault();
        return best.Name is null ? "" : $"{best.Name}: hit {Duration(best.Hit)}, miss {Duration(best.Miss)}";
    }

    /// <summary>The sum of what its operations cost; null if one was not measured.</summary>
    private double? Cost(string subject, IEnumerable<string> operations, long keys) =>
        operations.Select(operation => Find(subject, operation, keys)).Aggregate((double?)0, (sum, cost) => sum + cost);

    /// <summary>The number of keys at which an index costs as much as something else, between two that were measured; null if it costs less at all of them.</summary>
    private double? Crossing(string subject, IEnumerable<string> operations, double? limit)
    {
        (long Keys, double Cost)? before = null;
        foreach (long keys in _keys)
        {
            if (Cost(subject, operations, keys) is not { } cost)
            {
                continue;
            }

            if (cost >= limit)
            {
                return before is { } last && last.Cost < cost
                    ? last.Keys * Math.Pow((double)keys / last.Keys, Math.Log(limit.Value / last.Cost) / Math.Log(cost / last.Cost)) // both axes logarithmic
                    : keys;
            }

            before = (keys, cost);
        }

        return null;
    }

    private double? Find(string subject, string operation, long keys) =>
        indexes.FirstOrDefault(row => row.Subject == subject && row.What == operation && row.Size == keys)?.Nanoseconds;

    private double? Chunk(string operation) =>
        storages.Where(row => row.Subject == StorageBackend.All[0].Name && row.What == operation && row.Size == ChunkSize).MinBy(row => row.Callers)?.Nanoseconds;

    private static string Duration(double? nanoseconds) => nanoseconds is { } one ? Text.Duration(one) : "";

    private static double? Least(double? a, double? b) => a is null ? b : b is null ? a : Math.Min(a.Value, b.Value);

    /// <summary>One digit: the curve between two sizes is not known better.</summary>
    private static long Rounded(double keys)
    {
        double unit = Math.Pow(10, Math.Floor(Math.Log10(keys)));
        return (long)(Math.Round(keys / unit) * unit);
    }
}
