using System.Diagnostics;
using System.Globalization;

namespace ZarrCache.Benchmarks.Harness;

/// <summary>One row of a table: rates of ours and of its yardstick, taken in turns in one run.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Yardstick">What it was measured against.</param>
/// <param name="Unit">Of what the rates are, per second.</param>
/// <param name="AtLeast">The ratio that must be reached; null where none is asked for.</param>
internal sealed record Comparison(string What, string Yardstick, string Unit, double? AtLeast)
{
    private readonly List<(double Ours, double Yardstick)> _rounds = [];

    /// <summary>The median of the ratios of the rounds.</summary>
    public double Ratio => Median(_rounds.Select(round => round.Ours / round.Yardstick));

    /// <summary>Adds a round. The two run one after the other, in an order that changes, so that a slow moment of the machine hits both.</summary>
    public async Task MeasureAsync(int round, Func<Task<double>> ours, Func<Task<double>> yardstick)
    {
        double first = await (round % 2 == 0 ? ours : yardstick)();
        double second = await (round % 2 == 0 ? yardstick : ours)();
        _rounds.Add(round % 2 == 0 ? (first, second) : (second, first));
        Console.WriteLine(ToRow());
    }

    public string ToRow()
    {
        string ratios = string.Join(" ", _rounds.Select(round => Text(round.Ours / round.Yardstick)));
        string verdict = AtLeast is not { } least ? "" : Ratio >= least ? "yes" : "**no**";
        return $"| {What} | {Yardstick} | {Rate(Median(_rounds.Select(r => r.Ours)))} | {Rate(Median(_rounds.Select(r => r.Yardstick)))} | {Text(Ratio)}× | {ratios} | {(AtLeast is { } l ? Text(l) + "×" : "")} | {verdict} |";
    }

    public const string Header = "| What | Yardstick | Ours | Yardstick's | Ratio (median) | Ratios of the rounds | At least | Met |\n|---|---|---|---|---|---|---|---|";

    /// <summary>How many a second, if <paramref name="work"/> does <paramref name="count"/>.</summary>
    public static async Task<double> RateAsync(long count, Func<Task> work)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long start = Stopwatch.GetTimestamp();
        await work();
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }

    private string Rate(double rate) => string.Create(CultureInfo.InvariantCulture, $"{rate:N0} {Unit}/s");

    private static string Text(double ratio) => ratio.ToString("0.00", CultureInfo.InvariantCulture);
}
