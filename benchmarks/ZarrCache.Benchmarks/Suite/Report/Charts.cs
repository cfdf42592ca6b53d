using ScottPlot;
using SkiaSharp;
using ZarrCache.Benchmarks.Harness;

namespace ZarrCache.Benchmarks.Suite.Report;

/// <summary>The charts, as SVG on white, so that they are read on a dark page too. Lines are solid: Skia writes no dashes into SVG.</summary>
internal static class Charts
{
    private const int Width = 400;
    private const int Height = 300;

    // colours that people who do not tell red from green still tell apart (Okabe and Ito)
    private static readonly Color[] Palette = [.. new[] { "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#999999", "#F0E442", "#7F3C8D", "#11A579", "#A5AA99" }.Select(Color.FromHex)];

    private static readonly string[] Growth = [IndexOperations.Push, IndexOperations.Pop, IndexOperations.Find, IndexOperations.Mark, IndexOperations.Enumerate, IndexOperations.Reopen];

    /// <summary>What one operation costs by the number of keys: a small chart for each operation, a line for each index, both axes logarithmic.</summary>
    public static void SaveGrowth(SuiteRow[] rows, string path)
    {
        string[] subjects = [.. rows.Select(row => row.Subject).Distinct().Order(StringComparer.Ordinal)];
        SaveGrid(Growth.Select(operation => Draw(operation)), columns: 3, path);

        Plot Draw(string operation)
        {
            Plot plot = NewPlot(operation == IndexOperations.Reopen ? "reopen, the whole index" : operation, "keys");
            for (int i = 0; i < subjects.Length; i++)
            {
                AddLine(plot, subjects[i], Palette[i], [.. rows.Where(row => row.Subject == subjects[i] && row.What == operation).OrderBy(row => row.Size).Select(row => (row.Size, row.Nanoseconds))]);
            }

            Finish(plot, [.. rows.Select(row => row.Size).Distinct().Order()], Text.Count, Text.Duration);
            return plot;
        }
    }

    /// <summary>What a read and a write cost by the size of a chunk: a line for each storage, and one for its medium used by hand.</summary>
    public static void SaveStorages(SuiteRow[] rows, string path)
    {
        int callers = rows.Min(row => row.Callers);
        SaveGrid(((string[])[StorageBenchmarks.Read, StorageBenchmarks.Write]).Select(Draw), columns: 2, path, width: 560, height: 380);

        Plot Draw(string operation)
        {
            Plot plot = NewPlot(callers == 1 ? operation : $"{operation}, {callers} callers at once", "bytes of a chunk");
            Color[] ours = [Palette[0], Palette[5]];
            Color[] byHand = [Palette[4], Palette[1]];
            var storages = rows.Where(row => row.What == operation && row.Callers == callers).OrderBy(row => row.Size).GroupBy(row => row.Subject).OrderBy(group => group.Key, StringComparer.OrdinalIgnoreCase);
            foreach ((int i, var storage) in storages.Index())
            {
                AddLine(plot, $"{storage.Key}, by hand", byHand[i], [.. storage.Where(row => row.YardstickNanoseconds is not null).Select(row => (row.Size, row.YardstickNanoseconds!.Value))]);
                AddLine(plot, storage.Key, ours[i], Points([.. storage]));
            }

            Finish(plot, [.. rows.Select(row => row.Size).Distinct().Order()], Text.Bytes, Text.Duration);
            return plot;
        }
    }

    /// <summary>Reads a second by their size: hit, file by hand, file by hand verified, part.</summary>
    public static void SaveReads(SuiteRow[] rows, string path)
    {
        SaveGrid(rows.Select(row => row.Callers).Distinct().Order().Select(Draw), columns: 2, path, width: 560, height: 380);

        Plot Draw(int callers)
        {
            Plot plot = NewPlot(callers == 1 ? "one caller" : $"{callers} callers at once", "bytes of a chunk");
            SuiteRow[] hits = Of(ReadBenchmarks.Hit);
            AddLine(plot, "file by hand, not verified", Colors.Gray, [.. hits.Where(row => row.YardstickNanoseconds is not null).Select(row => (row.Size, row.YardstickNanoseconds!.Value))]);
            AddLine(plot, "file by hand, verified", Colors.Black, Points(Of(ReadBenchmarks.VerifiedFile)));
            AddLine(plot, "hit", Palette[0], Points(hits));
            AddLine(plot, "hit of a part", Palette[2], Points(Of(ReadBenchmarks.Part)));
            AddLine(plot, "miss, with its write", Palette[5], Points(Of(ReadBenchmarks.Miss)));
            AddLine(plot, "hit of an absence", Palette[1], Points(Of(ReadBenchmarks.Absent)));
            Finish(plot, [.. rows.Select(row => row.Size).Distinct().Order()], Text.Bytes, Text.Duration);
            return plot;

            SuiteRow[] Of(string what) => [.. rows.Where(row => row.Callers == callers && row.What == what).OrderBy(row => row.Size)];
        }
    }

    /// <summary>What a set and a get cost with each peer: a small chart for each kind of work, a bar for each peer.</summary>
    public static void SavePeers(SuiteRow[] rows, string path)
    {
        IGrouping<(string What, long Size), SuiteRow>[] works = [.. rows.GroupBy(row => (row.What, row.Size))];
        SaveGrid(works.Select(Draw), columns: 2, path, width: 560, height: 60 + (22 * works.Max(work => work.Count())));

        Plot Draw(IGrouping<(string What, long Size), SuiteRow> work)
        {
            var plot = new Plot();
            plot.FigureBackground.Color = Colors.White;
            string[] subjects = [.. work.Select(row => row.Subject)];
            double least = Math.Floor(Math.Log10(work.Min(row => row.Rate)));
            double most = Math.Log10(work.Max(row => row.Rate));
            foreach (SuiteRow row in work)
            {
                int at = Array.IndexOf(subjects, row.Subject);
                Bar bar = new()
                {
                    Position = -at,
                    ValueBase = least,
                    Value = Math.Log10(row.Rate),
                    FillColor = row.Subject.StartsWith("ZarrCache", StringComparison.Ordinal) ? Palette[0] : Color.FromHex("#BBBBBB"),
                    LineWidth = 0,
                    Orientation = Orientation.Horizontal,
                    Label = Text.Rate(row.Rate),
                };
                plot.Add.Bar(bar);
            }

            plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericManual([.. subjects.Select((_, i) => (double)-i)], subjects);
            plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual([], []);
            plot.Axes.SetLimits(least, most + (0.3 * (most - least)), -subjects.Length + 0.4, 0.6);
            plot.HideGrid();
            plot.Title($"{work.Key.What}, {Text.Bytes(work.Key.Size)}, a second (logarithmic)", size: 13);
            return plot;
        }
    }

    private static (long, double)[] Points(SuiteRow[] rows) => [.. rows.Select(row => (row.Size, row.Nanoseconds))];

    private static Plot NewPlot(string title, string across)
    {
        var plot = new Plot();
        plot.FigureBackground.Color = Colors.White;
        plot.Title(title, size: 15);
        plot.XLabel(across, 12);
        return plot;
    }

    private static void AddLine(Plot plot, string name, Color colour, (long X, double Y)[] points)
    {
        if (points.Length == 0)
        {
            return;
        }

        ScottPlot.Plottables.Scatter line = plot.Add.Scatter(points.Select(point => Math.Log10(point.X)).ToArray(), points.Select(point => Math.Log10(point.Y)).ToArray(), colour);
        line.LegendText = name;
        line.LineWidth = 2;
        line.MarkerSize = 6;
    }

    /// <summary>Ticks at the sizes that were measured and at powers of ten, and a legend above the lines.</summary>
    private static void Finish(Plot plot, long[] sizes, Func<long, string> size, Func<double, string> duration)
    {
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual([.. sizes.Select(one => Math.Log10(one))], [.. sizes.Select(size)]);
        plot.Axes.AutoScale();
        AxisLimits limits = plot.Axes.GetLimits();
        int low = (int)Math.Floor(limits.Bottom);
        int high = (int)Math.Ceiling(limits.Top);
        int[] powers = [.. Enumerable.Range(low, high - low + 1)];
        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericManual([.. powers.Select(power => (double)power)], [.. powers.Select(power => duration(Math.Pow(10, power)))]);
        plot.Axes.SetLimits(Math.Log10(sizes[0]) - 0.15, Math.Log10(sizes[^1]) + 0.15, low, high + (0.35 * (high - low)));
        plot.ShowLegend(Alignment.UpperLeft, Orientation.Horizontal);
        plot.Legend.FontSize = 10;
    }

    private static void SaveGrid(IEnumerable<Plot> plots, int columns, string path, int width = Width, int height = Height)
    {
        var multiplot = new Multiplot();
        multiplot.RemovePlot(multiplot.GetPlot(0));
        Plot[] all = [.. plots];
        foreach (Plot plot in all)
        {
            multiplot.AddPlot(plot);
        }

        int rows = (all.Length + columns - 1) / columns;
        multiplot.Layout = new ScottPlot.MultiplotLayouts.Grid(rows, columns);
        var area = new SKRect(0, 0, columns * width, rows * height);
        using FileStream file = File.Create(path);
        using SKCanvas canvas = SKSvgCanvas.Create(area, file);
        multiplot.Render(canvas, new PixelRect(0, area.Width, area.Height, 0));
        Console.WriteLine($"written: {path}");
    }
}
