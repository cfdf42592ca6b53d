using System.Globalization;

namespace ZarrCache.Benchmarks.Faster;

/// <summary>A table of what was measured: ours, a yardstick, and what is asked of the two.</summary>
internal sealed class Table
{
    private readonly List<string> _rows = ["| What | Ours | Yardstick | Its figure | Ratio | Asked | Met |", "|---|---|---|---|---|---|---|"];

    public IReadOnlyList<string> Rows => _rows;

    /// <summary>The medians of rates taken in turns, and the median of their ratios.</summary>
    public void Rate(string what, IReadOnlyList<double> ours, string yardstick, IReadOnlyList<double> theirs, double? atLeast)
    {
        double ratio = Median(ours.Zip(theirs, (a, b) => a / b));
        Add(what, Text(Median(ours)), yardstick, Text(Median(theirs)), ratio.ToString("0.00", CultureInfo.InvariantCulture) + "×", atLeast is { } least ? $"≥ {least.ToString("0.0#", CultureInfo.InvariantCulture)}×" : "", atLeast is null ? null : ratio >= atLeast);
    }

    /// <summary>One figure and its limit.</summary>
    public void Limit(string what, double figure, string unit, double most) =>
        Add(what, Number(figure, unit), "", "", "", "≤ " + Number(most, unit), figure <= most);

    /// <summary>One figure.</summary>
    public void Figure(string what, string figure) => Add(what, figure, "", "", "", "", null);

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    public static string Text(double rate) => rate.ToString("N0", CultureInfo.InvariantCulture) + "/s";

    private static string Number(double figure, string unit) => figure.ToString("0.##", CultureInfo.InvariantCulture) + " " + unit;

    private void Add(string what, string ours, string yardstick, string theirs, string ratio, string asked, bool? met)
    {
        string row = $"| {what} | {ours} | {yardstick} | {theirs} | {ratio} | {asked} | {(met is { } isMet ? isMet ? "yes" : "**no**" : "")} |";
        _rows.Add(row);
        Console.WriteLine(row);
    }
}
