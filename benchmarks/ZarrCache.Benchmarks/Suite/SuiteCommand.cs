using System.CommandLine;
using System.Globalization;
using BenchmarkDotNet.Parameters;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.Benchmarks.Suite.Report;

namespace ZarrCache.Benchmarks.Suite;

/// <summary><c>suite indexes</c>, <c>suite storages</c>, <c>suite reads</c>: each writes its figures as data; <c>suite page</c> makes the page and the charts of what there is.</summary>
internal static class SuiteCommand
{
    private static readonly Option<bool> Long = new("--long") { Description = "More iterations, as for a release." };

    private static readonly Option<int[]> Keys = new("--keys")
    {
        Description = "How many keys the indexes have.",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [10_000, 100_000],
    };

    private static readonly Option<string[]> Indexes = new("--index")
    {
        Description = "Only these indexes.",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [.. IndexBackend.All.Select(backend => backend.Name)],
    };

    private static readonly Option<string[]> Storages = new("--storage")
    {
        Description = "Only these storages.",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [.. StorageBackend.All.Select(backend => backend.Name)],
    };

    public static Task<int> RunAsync(string[] args)
    {
        Indexes.AcceptOnlyFromAmong([.. IndexBackend.All.Select(backend => backend.Name)]);
        Storages.AcceptOnlyFromAmong([.. StorageBackend.All.Select(backend => backend.Name)]);
        var indexes = new Command("indexes", "Push, pop, find, mark, delete, enumerate and reopen, by the number of keys.") { Long, Keys, Indexes };
        indexes.SetAction((arguments, ct) => RunIndexesAsync(arguments));
        var storages = new Command("storages", "Read and write chunks, by their size.") { Long, Storages };
        storages.SetAction((arguments, ct) => RunStoragesAsync(arguments));
        var reads = new Command("reads", "Hit, part, absence and miss through the cache.") { Long, Keys };
        reads.SetAction((arguments, ct) => RunReadsAsync(arguments));
        var page = new Command("page", "Joins all results that there are into one page, with charts.");
        page.SetAction((_, ct) => ResultsPage.WriteAsync());
        var path = new Argument<string>("PATH");
        path.AcceptOnlyFromAmong([.. HotPath.Names]);
        var seconds = new Option<int>("--seconds") { Description = "For how long.", DefaultValueFactory = _ => 10 };
        var hot = new Command("hot", "Does one thing again and again, for a profiler: see benchmarks/profile.") { path, seconds };
        hot.SetAction((arguments, ct) => HotPath.RunAsync(arguments.GetValue(path)!, TimeSpan.FromSeconds(arguments.GetValue(seconds))));
        return new RootCommand("The benchmark suite. Each part writes benchmarks/results/data; page joins them.") { indexes, storages, reads, page, hot }.Parse(args).InvokeAsync();
    }

    /// <summary>One file for each index and size, so that a piece that broke, or took too long, is run again alone.</summary>
    private static async Task<int> RunIndexesAsync(ParseResult arguments)
    {
        bool isLong = arguments.GetValue(Long);
        string[] names = arguments.GetValue(Indexes)!;
        foreach (int keys in arguments.GetValue(Keys)!)
        {
            foreach (IndexBackend backend in IndexBackend.All.Where(backend => names.Contains(backend.Name) && keys <= backend.MostKeys && IsThere(backend.Name, backend.Lacks)))
            {
                SuiteSelection.Indexes = [backend];
                SuiteSelection.KeyCounts = [keys];
                Summary summary = BenchmarkRunner.Run<IndexBenchmarks>(SuiteConfig.Create(isLong, once: true));
                await FilledIndex.CloseAsync();
                await LoopbackServers.CloseAsync();
                await SaveAsync(string.Create(CultureInfo.InvariantCulture, $"indexes-{Slug(backend.Name)}-{keys}"), isLong, summary, FilledIndex.LastMemory);
            }
        }

        return 0;
    }

    private static async Task<int> RunStoragesAsync(ParseResult arguments)
    {
        bool isLong = arguments.GetValue(Long);
        SuiteSelection.Sizes = isLong ? [4 << 10, 64 << 10, 1 << 20, 8 << 20] : [64 << 10, 1 << 20];
        foreach (StorageBackend backend in StorageBackend.All.Where(backend => arguments.GetValue(Storages)!.Contains(backend.Name) && IsThere(backend.Name, backend.Lacks)))
        {
            SuiteSelection.Storages = [backend];
            SuiteSelection.Callers = isLong || !backend.IsSlow ? [1, 16] : [16];
            Summary summary = BenchmarkRunner.Run<StorageBenchmarks>(SuiteConfig.Create(isLong, once: false));
            await LoopbackServers.CloseAsync();
            await SaveAsync($"storages-{Slug(backend.Name)}", isLong, summary);
        }

        return 0;
    }

    private static async Task<int> RunReadsAsync(ParseResult arguments)
    {
        bool isLong = arguments.GetValue(Long);
        SuiteSelection.KeyCounts = arguments.GetValue(Keys)!;
        Summary summary = BenchmarkRunner.Run<ReadBenchmarks>(SuiteConfig.Create(isLong, once: false));
        await ReadBenchmarks.CloseAsync();
        await SaveAsync("reads", isLong, summary);
        return 0;
    }

    private static bool IsThere(string name, string? lacks)
    {
        if (lacks is not null)
        {
            Console.Error.WriteLine($"{name} is left out, since its server is not installed: {lacks}");
        }

        return lacks is null;
    }

    private static async Task SaveAsync(string part, bool isLong, Summary summary, long? memory = null)
    {
        if (summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success))
        {
            throw new InvalidOperationException($"A benchmark of '{part}' failed; see above. Its figures are not written.");
        }

        await new SuiteData(part, ResultsFile.Machine(), isLong, [.. Rows(summary)]) { Memory = memory }.SaveAsync();
    }

    private static IEnumerable<SuiteRow> Rows(Summary summary)
    {
        foreach (var group in summary.Reports.GroupBy(report => (What: What(report), Place: string.Join(' ', report.BenchmarkCase.Parameters.Items.Select(item => item.Value)))))
        {
            BenchmarkReport? ours = group.FirstOrDefault(report => !report.BenchmarkCase.Descriptor.Baseline);
            if (ours is null)
            {
                continue;
            }

            ParameterInstances parameters = ours.BenchmarkCase.Parameters;
            long size = parameters.Items.Select(item => item.Value).OfType<int>().First();
            int callers = parameters.Items.FirstOrDefault(item => item.Name == nameof(StorageBenchmarks.Callers))?.Value as int? ?? 1;
            double unit = IndexOperations.IsEnumeration(group.Key.What) ? IndexBenchmarks.EnumeratedOf((int)size) : 1;
            yield return new SuiteRow(
                group.Key.What,
                parameters.Items.Select(item => item.Value).FirstOrDefault(value => value is IndexBackend or StorageBackend)?.ToString() ?? "SQLite and file system",
                size,
                callers,
                ours.ResultStatistics!.Median / unit,
                (ours.ResultStatistics.Q3 - ours.ResultStatistics.Q1) / 2 / unit,
                ours.GcStats.GetBytesAllocatedPerOperation(ours.BenchmarkCase) / unit,
                group.FirstOrDefault(report => report.BenchmarkCase.Descriptor.Baseline)?.ResultStatistics!.Median / unit);
        }
    }

    private static string What(BenchmarkReport report) => report.BenchmarkCase.Descriptor.Categories[0];

    private static string Slug(string name) => name.ToLowerInvariant().Replace(' ', '-');
}
