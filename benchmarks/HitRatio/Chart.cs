using ScottPlot;

namespace ZarrCache.HitRatio;

/// <summary>The cost of the misses by the size of the cache, a small chart for each trace, and one key to all: lower is better, LRU is 1.</summary>
internal static class Chart
{
    private const int Width = 420;
    private const int Height = 300;
    private const int Columns = 3;

    /// <summary>What costs more runs out of the chart; the table has the figure.</summary>
    private const double Most = 1.4;

    private static readonly (string Policy, Color Colour)[] Lines =
    [
        ("gdsf", Color.FromHex("#0072B2")), ("lfu", Color.FromHex("#E69F00")), ("lirs", Color.FromHex("#009E73")), ("fifo", Color.FromHex("#CC79A7")),
    ];

    public static void Save(IReadOnlyList<ScenarioResult> results, string path)
    {
        var multiplot = new Multiplot();
        multiplot.RemovePlot(multiplot.GetPlot(0));
        foreach (ScenarioResult result in results)
        {
            multiplot.AddPlot(Draw(result));
        }

        multiplot.AddPlot(DrawKey());
        int rows = (results.Count + 1 + Columns - 1) / Columns;
        multiplot.Layout = new ScottPlot.MultiplotLayouts.Grid(rows, Columns);
        multiplot.SavePng(path, Columns * Width, rows * Height);
    }

    private static Plot Draw(ScenarioResult result)
    {
        var plot = new Plot();
        plot.FigureBackground.Color = Colors.White; // also on a dark page
        double[] xs = [.. Enumerable.Range(0, result.Caches.Count).Select(i => (double)i)];
        foreach ((string policy, Color colour) in Lines)
        {
            Add(colour, cache => cache.RelativeCost(policy), LinePattern.Solid);
        }

        Add(Colors.Gray, cache => cache.Bound.MissCost / cache.Lru.MissCost, LinePattern.Dashed);
        plot.Add.HorizontalLine(1, 1, Colors.Black);
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual(xs, [.. result.Caches.Select(cache => Report.Percent(cache.Share))]);
        plot.Axes.SetLimitsY(0, Most);
        plot.Title(result.Scenario.Name, size: 16);
        plot.XLabel("cache, of the footprint", 12);
        plot.YLabel("cost of the misses, in LRU's", 12);
        return plot;

        void Add(Color colour, Func<CacheResult, double> value, LinePattern pattern)
        {
            ScottPlot.Plottables.Scatter line = plot.Add.Scatter(xs, [.. result.Caches.Select(value)], colour);
            line.LinePattern = pattern;
            line.LineWidth = 2;
            line.MarkerSize = 5;
        }
    }
    private static Plot DrawKey()
    {
        var plot = new Plot();
        plot.FigureBackground.Color = Colors.White;
        plot.Layout.Frameless();
        plot.HideGrid();
        plot.Axes.Frameless();
        foreach ((string policy, Color colour) in Lines)
        {
            Add(policy, colour, LinePattern.Solid, 2);
        }

        Add("lru", Colors.Black, LinePattern.Solid, 1);
        Add("bound, which nothing can surpass", Colors.Gray, LinePattern.Dashed, 2);
        plot.ShowLegend(Alignment.MiddleCenter, Orientation.Vertical);
        plot.Legend.FontSize = 15;
        plot.Legend.ShadowColor = Colors.Transparent;
        return plot;

        void Add(string name, Color colour, LinePattern pattern, float width) =>
            plot.Legend.ManualItems.Add(new LegendItem { LabelText = name, LineColor = colour, LinePattern = pattern, LineWidth = width });
    }
}
