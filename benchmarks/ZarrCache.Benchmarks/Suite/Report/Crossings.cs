using ZarrCache.Benchmarks.Harness;

namespace ZarrCache.Benchmarks.Suite.Report;

/// <summary>How what an operation costs grows with the number of keys, and how much faster one index is than another: from which number on another index is worth what it lacks.</summary>
internal static class Crossings
{
    private const string Standard = "SQLite";

    private static readonly string[] Compared = [IndexOperations.Push, IndexOperations.Pop, IndexOperations.Find, IndexOperations.Enumerate];

    public static IEnumerable<string> Lines(SuiteRow[] rows)
    {
        long[] sizes = [.. rows.Select(row => row.Size).Distinct().Order()];
        string[] others = [.. rows.Select(row => row.Subject).Distinct().Where(subject => subject != Standard)];
        if (others.Length == 0 || !rows.Any(row => row.Subject == Standard))
        {
            yield break;
        }

        yield return $"How many times as fast as {Standard}:";
        yield return "";
        yield return $"| | {string.Join(" | ", sizes.Select(size => $"{Text.Count(size)} keys"))} |";
        yield return $"|---|{string.Concat(sizes.Select(_ => "---|"))}";
        foreach (string other in others)
        {
            foreach (string operation in Compared)
            {
                yield return $"| {other}: {operation} | {string.Join(" | ", sizes.Select(size => Times(rows, other, operation, size)))} |";
            }
        }
    }

    private static string Times(SuiteRow[] rows, string subject, string operation, long size) =>
        Find(rows, subject, operation, size) is { } ours && Find(rows, Standard, operation, size) is { } standard
            ? FormattableString.Invariant($"{ours.Rate / standard.Rate:0.0}×")
            : "";

    private static SuiteRow? Find(SuiteRow[] rows, string subject, string operation, long size) =>
        rows.FirstOrDefault(row => row.Subject == subject && row.What == operation && row.Size == size);
}
