using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using ZarrCache.Benchmarks.Harness;

namespace ZarrCache.Benchmarks.Suite;

/// <summary>Reading and writing whole chunks of a storage, without an index or a check sum, against its medium used by hand.</summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
[SuppressMessage("Design", "CA1001", Justification = "BenchmarkDotNet calls CleanUpAsync.")]
public class StorageBenchmarks
{
    public const string Read = "read";
    public const string Write = "write, and erase an older one";

    /// <summary>So many values are read or written in a call.</summary>
    public const int Operations = 16;

    private readonly ReadOnlyMemory<byte> _record = new byte[100];
    private string[] _names = [];
    private ScratchDirectory _scratch = null!;
    private IChunkStore _store = null!;
    private IStorageYardstick? _yardstick;
    private byte[][] _buffers = [];
    private byte[] _value = [];
    private int _written;

    public static IEnumerable<StorageBackend> Storages => SuiteSelection.Storages;

    public static IEnumerable<int> Sizes => SuiteSelection.Sizes;

    public static IEnumerable<int> CallerCounts => SuiteSelection.Callers;

    [ParamsSource(nameof(Storages))]
    public StorageBackend Storage { get; set; } = null!;

    [ParamsSource(nameof(Sizes))]
    public int Size { get; set; }

    [ParamsSource(nameof(CallerCounts))]
    public int Callers { get; set; }

    [GlobalSetup]
    public async Task FillAsync()
    {
        _scratch = new ScratchDirectory();
        _store = (await Storage.OpenAsync(_scratch[""])).Open("chunks");
        Directory.CreateDirectory(_scratch["yardstick"]);
        _yardstick = Storage.OpenYardstickAsync is { } open ? await open(_scratch["yardstick"]) : null;
        _names = [.. Enumerable.Range(0, Operations).Select(number => number.ToString(CultureInfo.InvariantCulture))];
        _buffers = Concurrently.Buffers(Callers, Size);
        _value = new byte[Size];
        Random.Shared.NextBytes(_value);
        foreach (string name in _names)
        {
            await _store.SetAsync(name, new ReadOnlySequence<byte>(_value), _record, CancellationToken.None);
            await (_yardstick?.WriteAsync(name, _value) ?? ValueTask.CompletedTask);
        }
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _store.DisposeAsync();
        if (_yardstick is not null)
        {
            await _yardstick.DisposeAsync();
        }

        _scratch.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Operations), BenchmarkCategory(Read)]
    public Task ReadAsync() => Concurrently.RunAsync(Operations, Callers, async (number, caller) =>
    {
        await using ReadResult result = await _store.GetAsync(_names[number], default, CancellationToken.None);
        await result.ReadAsync(_buffers[caller].AsMemory(0, (int)result.Length), CancellationToken.None);
    });

    [Benchmark(OperationsPerInvoke = Operations, Baseline = true), BenchmarkCategory(Read)]
    public Task ReadYardstickAsync() => Concurrently.RunAsync(Operations, Callers, (number, caller) => _yardstick!.ReadAsync(_names[number], _buffers[caller]));

    /// <summary>Under a new name, and an older one erased, as a full cache does: ext4 flushes what replaces a file to the disk.</summary>
    [Benchmark(OperationsPerInvoke = Operations), BenchmarkCategory(Write)]
    public Task WriteAsync() => Concurrently.RunAsync(Operations, Callers, async (_, _) =>
    {
        int number = Interlocked.Increment(ref _written);
        await _store.SetAsync(NewName(number), new ReadOnlySequence<byte>(_value), _record, CancellationToken.None);
        await _store.DiscardAsync(NewName(number - Operations), CancellationToken.None);
    });

    [Benchmark(OperationsPerInvoke = Operations, Baseline = true), BenchmarkCategory(Write)]
    public Task WriteYardstickAsync() => Concurrently.RunAsync(Operations, Callers, async (_, _) =>
    {
        int number = Interlocked.Increment(ref _written);
        await _yardstick!.WriteAsync(NewName(number), _value);
        await _yardstick.EraseAsync(NewName(number - Operations));
    });

    private static string NewName(int number) => string.Create(CultureInfo.InvariantCulture, $"new-{number}");
}
