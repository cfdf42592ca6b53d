using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Parameters;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace ZarrCache.Benchmarks.Suite;

/// <summary>How BenchmarkDotNet runs the suite.</summary>
/// <remarks>
/// In this process, not in one for each benchmark as is its default: what is measured here takes microseconds and more,
/// which the state of a process hardly moves, while each new process would have to fill its index with a million keys again, for
/// minutes. That would be 25 fillings for each index and size instead of one. The price is that the heap of one
/// benchmark is there in the next; so indexes and sizes come one after the other, and each is closed before the next is filled.
/// For the same reason no collection is forced before each iteration: one of a filled memory index takes longer than what is measured.
/// </remarks>
internal static class SuiteConfig
{
    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    /// <param name="isLong">For a release: more iterations. Else for a pull request: it tells a factor, not a few hundredths.</param>
    /// <param name="once">One invocation is one iteration, since it must be set back after each.</param>
    public static IConfig Create(bool isLong, bool once)
    {
        Job job = new Job(isLong ? "long" : "short")
            .WithToolchain(new InProcessEmitToolchain(Patience, logOutput: true))
            .WithGcForce(false)
            .WithWarmupCount(isLong ? 4 : 2)
            .WithIterationCount(isLong ? 11 : 5);
        job = once ? job.RunOncePerIteration() : job.WithIterationTime(TimeInterval.FromMilliseconds(isLong ? 200 : 60)).WithMinIterationTime(TimeInterval.FromMilliseconds(10)).WithUnrollFactor(1);
        return ManualConfig.CreateEmpty()
            .AddJob(job)
            .AddLogger(ConsoleLogger.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddFilter(new SimpleFilter(benchmark => IsPossible(benchmark.Descriptor, benchmark.Parameters)))
            .WithOptions(ConfigOptions.DisableLogFile | ConfigOptions.DisableOptimizationsValidator)
            .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "zarrcache-benchmarks"));
    }

    /// <summary>Not every yardstick can do all, not all back ends can be closed and opened again, and an absence has no size.</summary>
    private static bool IsPossible(Descriptor benchmark, ParameterInstances parameters)
    {
        string method = benchmark.WorkloadMethod.Name;
        bool isYardstick = method.EndsWith("YardstickAsync", StringComparison.Ordinal);
        if (method == nameof(ReadBenchmarks.AbsentAsync) && !Equals(parameters[nameof(ReadBenchmarks.Size)], SuiteSelection.Sizes[0]))
        {
            return false; // it has no bytes
        }

        return Find<IndexBackend>() is { } index ? (!isYardstick || index.Compared is null || index.Compared.Contains(benchmark.Categories[0])) && (method != nameof(IndexBenchmarks.ReopenAsync) || index.Reopens)
            : Find<StorageBackend>() is not { } storage || !isYardstick || storage.OpenYardstickAsync is not null;

        T? Find<T>()
            where T : class => parameters.Items.Select(item => item.Value).OfType<T>().FirstOrDefault();
    }
}
