using System.CommandLine;
using System.Globalization;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.HitRatio;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var only = new Option<string?>("--trace") { Description = "Only this trace or workload; prints its tables and writes no file.", HelpName = "NAME" };
only.AcceptOnlyFromAmong([.. Scenario.All.Select(scenario => scenario.Name)]);
var root = new RootCommand("Replays public traces and generated Zarr workloads through every eviction policy and writes benchmarks/results/hit-ratio.md and hit-ratio.png. Takes some minutes.") { only };
root.SetAction(async (arguments, ct) =>
{
    string? name = arguments.GetValue(only);
    var results = new List<ScenarioResult>();
    foreach (Scenario scenario in Scenario.All.Where(scenario => name is null || scenario.Name == name))
    {
        results.Add(await ScenarioResult.RunAsync(scenario, Tell, ct));
    }

    List<Target> targets = [.. Target.Of(results)];
    if (name is not null)
    {
        foreach (string line in Report.Lines(results, targets))
        {
            Console.WriteLine(line);
        }

        return;
    }

    targets.AddRange(await MarkCost.MeasureAsync(Tell, ct));
    await ResultsFile.WriteAsync("hit-ratio.md", "Eviction policies on traces and Zarr workloads", Report.Lines(results, targets));
    Chart.Save(results, Path.Combine(ResultsFile.FindDirectory(), "hit-ratio.png"));
});
var faster = new Command("faster", "Replays traces through the FASTER index and the exact one, and writes what the order of its pops is worth to benchmarks/results/faster.md.");
faster.SetAction((_, ct) => FasterOrder.RunAsync(Tell, ct));
root.Subcommands.Add(faster);
return await root.Parse(args).InvokeAsync();

static void Tell(string text) => Console.Error.WriteLine(text);
