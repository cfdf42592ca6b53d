using ZarrCache.Benchmarks.Harness;
using ZarrCache.Benchmarks.Sqlite;

namespace ZarrCache.Benchmarks.Suite;

/// <summary>
/// An index with many keys, filled once and then used by every benchmark of it: each leaves as many keys behind as it
/// found. This is why the suite runs in one process.
/// </summary>
internal sealed class FilledIndex : IAsyncDisposable
{
    private const int Batch = 10_000;

    private static FilledIndex? _current;

    private readonly ScratchDirectory _scratch = new();
    private readonly IndexBackend _backend;
    private readonly int _keys;
    private IStoreIndex? _index;
    private IIndexYardstick? _yardstick;

    private FilledIndex(IndexBackend backend, int keys) => (_backend, _keys) = (backend, keys);

    /// <summary>By how many bytes of anonymous memory this process grew while the last index was filled, and those of its server; null where the system does not say.</summary>
    public static long? LastMemory { get; private set; }

    public IStoreIndex Index => _index ?? throw new InvalidOperationException("The index is closed.");

    /// <summary>The one that there is, or it is closed and another one filled.</summary>
    public static async Task<FilledIndex> GetAsync(IndexBackend backend, int keys)
    {
        if (_current is { } current && current._backend == backend && current._keys == keys)
        {
            return current;
        }

        await CloseAsync();
        var filled = new FilledIndex(backend, keys);
        _current = filled;
        long? before = await GetMemoryAsync();
        await filled.OpenAsync();
        await FillAsync(keys, batch => filled.Index.PushManyAsync(batch, CancellationToken.None));
        await filled.Index.FlushAsync(CancellationToken.None);
        LastMemory = await GetMemoryAsync() - before;
        return filled;
    }

    /// <summary>Closes the one that there is and removes its files.</summary>
    public static async Task CloseAsync()
    {
        if (_current is { } current)
        {
            _current = null;
            await current.DisposeAsync();
        }

        GC.Collect();
    }

    /// <summary>What the index is measured against, with the same keys; filled when it is first asked for.</summary>
    public async Task<IIndexYardstick> GetYardstickAsync()
    {
        if (_yardstick is null)
        {
            _yardstick = await _backend.OpenYardstickAsync(_scratch[""], _keys);
            await FillAsync(_keys, batch => _yardstick.PushAsync(batch));
        }

        return _yardstick;
    }

    public async Task OpenAsync() => _index = await _backend.OpenAsync(_scratch[""]);

    public async Task CloseIndexAsync()
    {
        if (_index is { } index)
        {
            _index = null;
            await index.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseIndexAsync();
        if (_yardstick is not null)
        {
            await _yardstick.DisposeAsync();
        }

        _scratch.Dispose();
    }

    private static async Task<long?> GetMemoryAsync()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true); // gives free memory back
        return ProcessMemory.Anonymous() + await LoopbackServers.GetRedisMemoryAsync();
    }

    /// <summary>Keys come in random order, as chunks are fetched.</summary>
    private static async Task FillAsync(int keys, Func<IndexEntry[], ValueTask> push)
    {
        int[] numbers = Entries.Shuffled(keys);
        for (int i = 0; i < keys; i += Batch)
        {
            await push([.. numbers.AsSpan(i, Math.Min(Batch, keys - i)).ToArray().Select(Entries.Make)]);
        }
    }
}
