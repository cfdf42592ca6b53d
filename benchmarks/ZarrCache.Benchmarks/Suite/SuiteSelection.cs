namespace ZarrCache.Benchmarks.Suite;

/// <summary>What one run of the suite measures; set before BenchmarkDotNet reads the parameters of the classes.</summary>
internal static class SuiteSelection
{
    public static IReadOnlyList<IndexBackend> Indexes { get; set; } = IndexBackend.All;

    public static IReadOnlyList<int> KeyCounts { get; set; } = [10_000, 100_000];

    public static IReadOnlyList<StorageBackend> Storages { get; set; } = StorageBackend.All;

    public static IReadOnlyList<int> Sizes { get; set; } = [4 << 10, 64 << 10, 1 << 20];

    public static IReadOnlyList<int> Callers { get; set; } = [1, 16];
}
