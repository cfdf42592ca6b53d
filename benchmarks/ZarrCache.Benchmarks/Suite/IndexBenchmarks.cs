using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using ZarrCache.Benchmarks.Sqlite;

namespace ZarrCache.Benchmarks.Suite;

/// <summary>
/// What an index does, among few and many other keys, against what stands below it used by hand. Each benchmark leaves
/// the index as full as it found it, so that all of one size share one filled index (see <see cref="FilledIndex"/>).
/// </summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class IndexBenchmarks
{
    /// <summary>Enumerations of larger indexes stop here: the cost of an entry is known by then.</summary>
    public const int MostEnumerated = 1_000_000;

    private const int Operations = 5_000;
    private const int Batch = 1_000;
    private const int Callers = 16;
    private const string VictimStore = "victim";

    private readonly Random _random = new(3);
    private readonly EntryKey[] _sought = new EntryKey[Operations];
    private readonly IndexEntry[] _new = new IndexEntry[Operations];
    private readonly List<IndexEntry> _popped = [];
    private FilledIndex _filled = null!;
    private IIndexYardstick _yardstick = null!;
    private int _next;

    public static IEnumerable<IndexBackend> Indexes => SuiteSelection.Indexes;

    public static IEnumerable<int> KeyCounts => SuiteSelection.KeyCounts;

    [ParamsSource(nameof(Indexes))]
    public IndexBackend Index { get; set; } = null!;

    [ParamsSource(nameof(KeyCounts))]
    public int Keys { get; set; }

    private IStoreIndex Filled => _filled.Index;

    /// <summary>How many entries an enumeration gives.</summary>
    public static int EnumeratedOf(int keys) => Math.Min(keys, MostEnumerated);

    [GlobalSetup]
    public async Task FillAsync()
    {
        _filled = await FilledIndex.GetAsync(Index, Keys);
        _next = Keys + _random.Next(int.MaxValue - Keys - 100_000_000);
    }

    [GlobalSetup(Targets = [nameof(PushYardstickAsync), nameof(PopYardstickAsync), nameof(FindYardstickAsync), nameof(EnumerateYardstickAsync), nameof(EnumerateByKeyYardstickAsync), nameof(EnumerateByLastAccessYardstickAsync)])]
    public async Task FillYardstickAsync()
    {
        await FillAsync();
        _yardstick = await _filled.GetYardstickAsync();
    }

    [IterationSetup(Targets = [nameof(PushAsync), nameof(PushConcurrentlyAsync), nameof(PushYardstickAsync)])]
    public void MakeNew()
    {
        for (int i = 0; i < Operations; i++)
        {
            _new[i] = Entries.Make(_next++);
        }
    }

    [IterationCleanup(Targets = [nameof(PushAsync), nameof(PushConcurrentlyAsync)])]
    public void TakeBackNew() => Task.WhenAll(_new.Select(entry => Filled.DeleteAsync(entry.EntryKey, null, CancellationToken.None).AsTask())).GetAwaiter().GetResult();

    [Benchmark(OperationsPerInvoke = Operations), BenchmarkCategory(IndexOperations.Push)]
    public async Task PushAsync()
    {
        for (int i = 0; i < Operations; i += Batch)
        {
            await Filled.PushManyAsync(_new.AsMemory(i, Batch), CancellationToken.None);
        }
    }

    [Benchmark(OperationsPerInvoke = Operations, Baseline = true), BenchmarkCategory(IndexOperations.Push)]
    public async Task PushYardstickAsync()
    {
        for (int i = 0; i < Operations; i += Batch)
        {
            await _yardstick.PushAsync(_new[i..(i + Batch)]);
        }
    }

    [IterationCleanup(Target = nameof(PushYardstickAsync))]
    public void TakeBackNewOfYardstick() => _yardstick.DeleteAsync(_new).AsTask().GetAwaiter().GetResult();

    /// <summary>One entry a call, complete when it is written; each caller waits for its own.</summary>
    [Benchmark(OperationsPerInvoke = Operations), BenchmarkCategory(IndexOperations.PushConcurrently)]
    public Task PushConcurrentlyAsync()
    {
        int next = -1;
        return Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(CallAsync)));

        async Task CallAsync()
        {
            for (int i = Interlocked.Increment(ref next); i < Operations; i = Interlocked.Increment(ref next))
            {
                await Filled.PushAsync(_new[i], CancellationToken.None);
            }
        }
    }

    [Benchmark(OperationsPerInvoke = Operations), BenchmarkCategory(IndexOperations.Pop)]
    public async Task PopAsync()
    {
        while (_popped.Count < Operations)
        {
            _popped.AddRange(await Filled.PopAsync(new PopRequest(Count: Batch), CancellationToken.None));
        }
    }

    [IterationCleanup(Target = nameof(PopAsync))]
    public void PushBackPopped()
    {
        Filled.PushManyAsync(_popped.ToArray(), CancellationToken.None).AsTask().GetAwaiter().GetResult();
        _popped.Clear();
    }

    [Benchmark(OperationsPerInvoke = Operations, Baseline = true), BenchmarkCategory(IndexOperations.Pop)]
    public async Task PopYardstickAsync()
    {
        while (_popped.Count < Operations)
        {
            _popped.AddRange(await _yardstick.PopAsync(Batch));
        }
    }

    [IterationCleanup(Target = nameof(PopYardstickAsync))]
    public void PushBackPoppedOfYardstick()
    {
        _yardstick.PushAsync(_popped).AsTask().GetAwaiter().GetResult();
        _popped.Clear();
    }

    [IterationSetup(Targets = [nameof(FindAsync), nameof(MarkAsync), nameof(FindYardstickAsync)])]
    public void Seek()
    {
        for (int i = 0; i < Operations; i++)
        {
            _sought[i] = new EntryKey(Entries.Store, Entries.Key(_random.Next(Keys)));
        }
    }

    [Benchmark(OperationsPerInvoke = Operations), BenchmarkCategory(IndexOperations.Find)]
    public async Task FindAsync()
    {
        foreach (EntryKey key in _sought)
        {
            Require(await Filled.FindAsync(key, CancellationToken.None) is not null);
        }
    }

    [Benchmark(OperationsPerInvoke = Operations, Baseline = true), BenchmarkCategory(IndexOperations.Find)]
    public async Task FindYardstickAsync()
    {
        foreach (EntryKey key in _sought)
        {
            Require(await _yardstick.FindAsync(key));
        }
    }

    /// <summary>Accesses of random keys, and their flush.</summary>
    [Benchmark(OperationsPerInvoke = Operations), BenchmarkCategory(IndexOperations.Mark)]
    public async Task MarkAsync()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        foreach (EntryKey key in _sought)
        {
            await Filled.MarkAsync(key, now, CancellationToken.None);
        }

        await Filled.FlushAsync(CancellationToken.None);
    }

    [IterationSetup(Target = nameof(DeleteStoreAsync))]
    public void PushVictims()
    {
        IndexEntry[] victims = [.. Enumerable.Range(0, Operations).Select(number => Entries.Make(number) with { StoreId = VictimStore })];
        Filled.PushManyAsync(victims, CancellationToken.None).AsTask().GetAwaiter().GetResult();
    }

    [Benchmark(OperationsPerInvoke = Operations), BenchmarkCategory(IndexOperations.DeleteStore)]
    public async Task DeleteStoreAsync() =>
        Require((await Filled.DeletePrefixAsync(VictimStore, "", CancellationToken.None)).Count == Operations);

    [Benchmark, BenchmarkCategory(IndexOperations.Enumerate)]
    public Task EnumerateAsync() => EnumerateAsync(IndexOrder.None);

    [Benchmark(Baseline = true), BenchmarkCategory(IndexOperations.Enumerate)]
    public Task EnumerateYardstickAsync() => EnumerateRawAsync(IndexOrder.None);

    [Benchmark, BenchmarkCategory(IndexOperations.EnumerateByKey)]
    public Task EnumerateByKeyAsync() => EnumerateAsync(IndexOrder.Key);

    [Benchmark(Baseline = true), BenchmarkCategory(IndexOperations.EnumerateByKey)]
    public Task EnumerateByKeyYardstickAsync() => EnumerateRawAsync(IndexOrder.Key);

    [Benchmark, BenchmarkCategory(IndexOperations.EnumerateByLastAccess)]
    public Task EnumerateByLastAccessAsync() => EnumerateAsync(IndexOrder.LastAccess);

    [Benchmark(Baseline = true), BenchmarkCategory(IndexOperations.EnumerateByLastAccess)]
    public Task EnumerateByLastAccessYardstickAsync() => EnumerateRawAsync(IndexOrder.LastAccess);

    [IterationSetup(Target = nameof(ReopenAsync))]
    public void CloseIndex() => _filled.CloseIndexAsync().GetAwaiter().GetResult();

    /// <summary>Opens an index that was closed, up to the first answer.</summary>
    [Benchmark, BenchmarkCategory(IndexOperations.Reopen)]
    public async Task ReopenAsync()
    {
        await _filled.OpenAsync();
        Require((await Filled.GetTotalsAsync(null, CancellationToken.None)).Count == Keys);
    }

    private async Task EnumerateAsync(IndexOrder order)
    {
        long count = 0;
        await foreach (IndexEntry entry in Filled.EnumerateAsync(new IndexQuery(Order: order, Limit: MostEnumerated), CancellationToken.None))
        {
            count += entry.Size > 0 ? 1 : 0;
        }

        Require(count == EnumeratedOf(Keys));
    }

    private async Task EnumerateRawAsync(IndexOrder order) =>
        Require(await _yardstick.EnumerateAsync(order, MostEnumerated) == EnumeratedOf(Keys));

    private static void Require(bool holds)
    {
        if (!holds)
        {
            throw new InvalidOperationException("The index did not hold what it should.");
        }
    }
}
