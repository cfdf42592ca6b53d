using System.Globalization;
using ZarrCache.Benchmarks.Harness;

namespace ZarrCache.Benchmarks.Suite.Report;

/// <summary>ZarrCache and what people use instead: the same work in one run, and what each does with the bytes.</summary>
/// <param name="peers">Its properties are what a peer verifies, how durable it is, how it is bounded, and why it is faster where it is.</param>
internal sealed class PeerTables(SuiteData peers)
{
    private const string Us = "ZarrCache";
    private const string NotDurable = "none";

    public IEnumerable<string> Lines()
    {
        string[] works = [.. peers.Rows.Select(Work).Distinct()];
        yield return $"| | {string.Join(" | ", works)} | verifies | durable | bounded by |";
        yield return $"|---|---|---|---|{string.Concat(works.Select(_ => "---|"))}";
        foreach (var peer in peers.Rows.GroupBy(row => row.Subject))
        {
            yield return $"| {peer.Key} | {string.Join(" | ", works.Select(work => peer.FirstOrDefault(row => Work(row) == work) is { } row ? Text.Rate(row.Rate) : ""))} | {string.Join(" | ", Properties(peer.Key)[..3])} |";
        }
    }

    /// <summary>Who is faster than ZarrCache on the same medium, by how much, and why.</summary>
    public IEnumerable<string> Faster()
    {
        foreach (var peer in peers.Rows.Where(row => !IsOurs(row)).GroupBy(row => row.Subject))
        {
            string[] faster = [.. peer.Select(row => (Row: row, Times: row.Rate / Counterpart(row)?.Rate)).Where(one => one.Times > 1).Select(one => string.Create(CultureInfo.InvariantCulture, $"{Work(one.Row)} {one.Times:0.0}×"))];
            if (faster.Length > 0)
            {
                yield return $"- {peer.Key}: {string.Join(", ", faster)}. {Properties(peer.Key)[3]}";
            }
        }
    }

    /// <summary>That of ours which does the same work and is as durable.</summary>
    private SuiteRow? Counterpart(SuiteRow row) =>
        peers.Rows.FirstOrDefault(one => IsOurs(one) && Work(one) == Work(row) && IsDurable(one) == IsDurable(row));

    private bool IsDurable(SuiteRow row) => Properties(row.Subject)[1] != NotDurable;

    private static bool IsOurs(SuiteRow row) => row.Subject.StartsWith(Us, StringComparison.Ordinal);

    private string[] Properties(string subject) => peers.Properties?.GetValueOrDefault(subject) ?? throw new InvalidDataException($"Nothing is said of the peer '{subject}'.");

    private static string Work(SuiteRow row) => string.Create(CultureInfo.InvariantCulture, $"{row.What} {Text.Bytes(row.Size)}");
}
