using System.Globalization;
using ZarrCache.Benchmarks.Harness;

namespace ZarrCache.Benchmarks.Suite.Report;

/// <summary>ZarrCache and what people use instead: the same work in one run, and what each does with the bytes.</summary>
internal static class PeerTables
{
    public static IEnumerable<string> Lines(SuiteData peers)
    {
        SuiteRow[] rows = peers.Rows;
        string[] works = [.. rows.Select(Work).Distinct()];
        yield return $"| | {string.Join(" | ", works)} | verifies | durable | bounded by |";
        yield return $"|---|---|---|---|{string.Concat(works.Select(_ => "---|"))}";
        foreach (var peer in rows.GroupBy(row => row.Subject))
        {
            yield return $"| {peer.Key} | {string.Join(" | ", works.Select(work => peer.FirstOrDefault(row => Work(row) == work) is { } row ? Text.Rate(row.Rate) : ""))} | {string.Join(" | ", peers.Properties?.GetValueOrDefault(peer.Key) ?? ["", "", ""])} |";
        }
    }

    private static string Work(SuiteRow row) => string.Create(CultureInfo.InvariantCulture, $"{row.What} {Text.Bytes(row.Size)}");
}
