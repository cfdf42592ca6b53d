using System.IO.Hashing;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using ZarrCache.Benchmarks.ReadPath;

namespace ZarrCache.Benchmarks.Suite;

/// <summary>Reads through <see cref="CachedStore"/> over SQLite and the file system, page cache hot, into the caller's memory, against reading the same files by hand.</summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class ReadBenchmarks
{
    public const string Hit = "hit";
    public const string VerifiedFile = "open, read and hash the file";
    public const string Part = "hit of a part";
    public const string Absent = "hit of an absence";
    public const string Miss = "miss, written behind, something evicted";

    private const int Operations = 256;
    private const int MissOperations = 64;

    private static FilledCache? _cache;
    private static readonly Dictionary<int, (string[] Keys, string[] Files)> Values = [];
    private static readonly Dictionary<int, ((string Key, ByteRange Range)[] Places, string[] Files)> Parts = [];

    private (string[] Keys, string[] Files) _values;
    private ((string Key, ByteRange Range)[] Places, string[] Files) _parts;
    private byte[][] _buffers = [];
    private MissingCache? _missing;

    public static IEnumerable<int> Sizes => SuiteSelection.Sizes.Where(size => size <= 1 << 20);

    public static IEnumerable<int> CallerCounts => SuiteSelection.Callers;

    [ParamsSource(nameof(Sizes))]
    public int Size { get; set; }

    [ParamsSource(nameof(CallerCounts))]
    public int Callers { get; set; }

    [GlobalSetup]
    public async Task FillAsync()
    {
        if (_cache is null)
        {
            _cache = new FilledCache();
            await _cache.AddOtherKeysAsync(SuiteSelection.KeyCounts[^1]);
            await _cache.Store.GetBytesAsync("absent");
        }

        int count = Math.Clamp((64 << 20) / Size, 64, 1024);
        if (!Values.TryGetValue(Size, out _values))
        {
            Values[Size] = _values = await _cache.CacheAsync(count, Size);
        }

        if (!Parts.TryGetValue(Size, out _parts))
        {
            Parts[Size] = _parts = await _cache.CachePartsAsync(64, Size);
        }

        _buffers = Concurrently.Buffers(Callers, Size);
    }

    [GlobalSetup(Targets = [nameof(MissAsync), nameof(MissYardstickAsync)])]
    public async Task FillMissingAsync()
    {
        _buffers = Concurrently.Buffers(Callers, Size);
        _missing = await MissingCache.CreateAsync(Size);
    }

    [GlobalCleanup(Targets = [nameof(MissAsync), nameof(MissYardstickAsync)])]
    public async Task CleanUpMissingAsync() => await _missing!.DisposeAsync();

    public static async Task CloseAsync()
    {
        if (_cache is not null)
        {
            await _cache.DisposeAsync();
            _cache = null;
        }
    }

    [Benchmark(OperationsPerInvoke = Operations), BenchmarkCategory(Hit)]
    public Task HitAsync() => Concurrently.RunAsync(Operations, Callers, (number, caller) =>
        ReadAsync(_cache!.Store, _values.Keys[number % _values.Keys.Length], ByteRange.All, _buffers[caller]));

    [Benchmark(OperationsPerInvoke = Operations, Baseline = true), BenchmarkCategory(Hit)]
    public Task HitYardstickAsync() => Concurrently.RunAsync(Operations, Callers, (number, caller) =>
    {
        PlainFiles.ReadFile(_values.Files[number % _values.Files.Length], _buffers[caller]);
        return ValueTask.CompletedTask;
    });

    /// <summary>What a hit cannot be faster than, as long as it verifies.</summary>
    [Benchmark(OperationsPerInvoke = Operations), BenchmarkCategory(VerifiedFile)]
    public Task ReadAndHashAsync() => Concurrently.RunAsync(Operations, Callers, (number, caller) =>
    {
        PlainFiles.ReadFile(_values.Files[number % _values.Files.Length], _buffers[caller]);
        GC.KeepAlive(XxHash3.HashToUInt64(_buffers[caller]) == 0 ? this : null);
        return ValueTask.CompletedTask;
    });

    [Benchmark(OperationsPerInvoke = Operations), BenchmarkCategory(Part)]
    public Task PartAsync() => Concurrently.RunAsync(Operations, Callers, (number, caller) =>
    {
        (string key, ByteRange range) = _parts.Places[number % _parts.Places.Length];
        return ReadAsync(_cache!.Store, key, range, _buffers[caller]);
    });

    [Benchmark(OperationsPerInvoke = Operations, Baseline = true), BenchmarkCategory(Part)]
    public Task PartYardstickAsync() => Concurrently.RunAsync(Operations, Callers, (number, caller) =>
    {
        PlainFiles.ReadFile(_parts.Files[number % _parts.Files.Length], _buffers[caller]);
        return ValueTask.CompletedTask;
    });

    [Benchmark(OperationsPerInvoke = Operations), BenchmarkCategory(Absent)]
    public Task AbsentAsync() => Concurrently.RunAsync(Operations, Callers, async (_, _) =>
    {
        await using ReadResult result = await _cache!.Store.GetAsync("absent", default, CancellationToken.None);
        if (result.Status != ReadStatus.Absent)
        {
            throw new InvalidOperationException("An absent key was found.");
        }
    });

    /// <summary>Fetched from an origin in memory, cached, and an older one evicted; all is written when this ends.</summary>
    [Benchmark(OperationsPerInvoke = MissOperations), BenchmarkCategory(Miss)]
    public async Task MissAsync()
    {
        await Concurrently.RunAsync(MissOperations, Callers, (_, caller) => ReadAsync(_missing!.Store, _missing.NextKey(), ByteRange.All, _buffers[caller]));
        await _missing!.FlushAsync();
    }

    /// <summary>Copied from the origin's memory, written to a file, and an older file removed.</summary>
    [Benchmark(OperationsPerInvoke = MissOperations, Baseline = true), BenchmarkCategory(Miss)]
    public Task MissYardstickAsync() => Concurrently.RunAsync(MissOperations, Callers, (_, caller) => _missing!.WriteByHandAsync(_buffers[caller]));

    private static async ValueTask ReadAsync(CachedStore store, string key, ByteRange range, byte[] buffer)
    {
        await using ReadResult result = await store.GetAsync(key, new ReadOptions(range), CancellationToken.None);
        await result.ReadAsync(buffer.AsMemory(0, (int)result.Length), CancellationToken.None);
    }
}
