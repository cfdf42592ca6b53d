using System.Buffers;

namespace ZarrCache.Benchmarks.Reliability;

/// <summary>An origin that has one value of a few bytes under every key, at once.</summary>
internal sealed class ValueOrigin : IZarrStore
{
    private static readonly byte[] Value = new byte[OpeningBenchmark.ValueSize];

    public ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct) => new(new MemoryReadResult(new ObjectInfo(Value.Length, "\"1\"", null), 0, Value));

    public ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, CancellationToken ct) => throw new NotSupportedException("It is only read.");

    public ValueTask<bool> EraseAsync(string key, CancellationToken ct) => throw new NotSupportedException("It is only read.");

    public ValueTask ErasePrefixAsync(string prefix, CancellationToken ct) => throw new NotSupportedException("It is only read.");

    public IAsyncEnumerable<string> ListPrefixAsync(string prefix, CancellationToken ct) => throw new NotSupportedException("It is only read.");

    public IAsyncEnumerable<string> ListDirAsync(string prefix, CancellationToken ct) => throw new NotSupportedException("It is only read.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
