using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;

namespace ZarrCache.Reliability;

/// <summary>An origin that has every key, in the version that it was made with until a later one is written.</summary>
internal sealed class OracleOrigin(string storeId, long firstVersion) : IZarrStore
{
    private readonly ConcurrentDictionary<string, long> _versions = new(StringComparer.Ordinal);

    public ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        long version = _versions.GetValueOrDefault(key, firstVersion);
        byte[] content = Oracle.Content(storeId, key, version);
        var info = new ObjectInfo(content.Length, $"\"{version}\"", null);
        ReadStatus status = options.Evaluate(info);
        if (status != ReadStatus.Found)
        {
            return new(ReadResult.WithoutBytes(status, info));
        }

        (long offset, long length) = options.Range.Resolve(key, info.Size);
        return new(new MemoryReadResult(info, offset, content.AsMemory((int)offset, (int)length)));
    }

    public ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, CancellationToken ct)
    {
        long version = BinaryPrimitives.ReadInt64LittleEndian(value.FirstSpan);
        _versions[key] = version;
        return new(new ObjectInfo(value.Length, $"\"{version}\"", null));
    }

    public ValueTask<bool> EraseAsync(string key, CancellationToken ct) => throw new NotSupportedException("This origin has every key.");

    public ValueTask ErasePrefixAsync(string prefix, CancellationToken ct) => throw new NotSupportedException("This origin has every key.");

    public IAsyncEnumerable<string> ListPrefixAsync(string prefix, CancellationToken ct) => throw new NotSupportedException("This origin is not listed.");

    public IAsyncEnumerable<string> ListDirAsync(string prefix, CancellationToken ct) => throw new NotSupportedException("This origin is not listed.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
