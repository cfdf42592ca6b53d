using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;

namespace ZarrCache.Reliability;

/// <summary>An origin that has every key that it is asked for, in the version that it was made with, until a later one is written or it is erased.</summary>
internal sealed class OracleOrigin(string storeId, long firstVersion) : IZarrStore
{
    private const long Erased = -1;

    private readonly ConcurrentDictionary<string, long> _versions = new(StringComparer.Ordinal);

    /// <summary>The bytes of a key as it is now; null if it was erased.</summary>
    public byte[]? Content(string key) => _versions.GetOrAdd(key, firstVersion) is var version and not Erased ? Oracle.Content(storeId, key, version) : null;

    public ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        long version = _versions.GetOrAdd(key, firstVersion);
        if (version == Erased)
        {
            return new(ReadResult.WithoutBytes(ReadStatus.Absent));
        }

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

    public ValueTask<bool> EraseAsync(string key, CancellationToken ct)
    {
        _versions[key] = Erased;
        return new(true);
    }

    /// <summary>Erases the keys that were ever asked for.</summary>
    public ValueTask ErasePrefixAsync(string prefix, CancellationToken ct)
    {
        foreach (string key in _versions.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            _versions[key] = Erased;
        }

        return ValueTask.CompletedTask;
    }

    public IAsyncEnumerable<string> ListPrefixAsync(string prefix, CancellationToken ct) => throw new NotSupportedException("This origin is not listed.");

    public IAsyncEnumerable<string> ListDirAsync(string prefix, CancellationToken ct) => throw new NotSupportedException("This origin is not listed.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
