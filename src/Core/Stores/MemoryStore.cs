using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Hashing;

namespace ZarrCache;

/// <summary>
/// A store in memory: for tests, for small origins, and as the chunks of a cache that need not outlive its process.
/// An answer keeps the bytes that it began with, whatever is set or erased meanwhile. The ETag is a hash of the
/// content, so that equal bytes have equal tags. Reading and writing one key is O(its size), listing is O(all keys).
/// </summary>
/// <param name="timeProvider">Says when a value was written.</param>
public sealed class MemoryStore(TimeProvider? timeProvider = null) : IChunkStore
{
    private readonly TimeProvider _time = timeProvider ?? TimeProvider.System;

    // A value is immutable and replaced as a whole: the dictionary alone makes a set all or nothing.
    private readonly ConcurrentDictionary<string, Value> _values = new(StringComparer.Ordinal);

    /// <summary>Opens one memory store for each store id, the same one each time; what they hold lives as long as the opener.</summary>
    public static StoreOpener Opener(TimeProvider? timeProvider = null) => new MemoryStoreOpener(timeProvider);

    /// <inheritdoc/>
    public ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        ZarrKey.Validate(key);
        ct.ThrowIfCancellationRequested();
        if (!_values.TryGetValue(key, out Value? value))
        {
            return new(ReadResult.WithoutBytes(ReadStatus.Absent));
        }

        ReadStatus status = options.Evaluate(value.Info);
        if (status != ReadStatus.Found)
        {
            return new(ReadResult.WithoutBytes(status, value.Info));
        }

        (long offset, long length) = options.Range.Resolve(key, value.Bytes.Length);
        return new(new MemoryReadResult(value.Info, offset, value.Bytes.AsMemory((int)offset, (int)length)));
    }

    /// <inheritdoc/>
    public ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, CancellationToken ct) => SetAsync(key, value, default, ct);

    /// <inheritdoc/>
    public ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct)
    {
        ZarrKey.Validate(key);
        ct.ThrowIfCancellationRequested();
        if (value.Length > Array.MaxLength)
        {
            throw new StoreException($"The value of '{key}' has {value.Length} bytes; a store in memory holds values of up to {Array.MaxLength}.");
        }

        byte[] bytes = value.ToArray();
        string etag = string.Create(CultureInfo.InvariantCulture, $"\"{XxHash128.HashToUInt128(bytes):x32}\"");
        var info = new ObjectInfo(bytes.Length, etag, _time.GetUtcNow());
        _values[key] = new Value(bytes, record.ToArray(), info);
        return new(info);
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>> GetRecordAsync(string key, CancellationToken ct)
    {
        ZarrKey.Validate(key);
        ct.ThrowIfCancellationRequested();
        return new(_values.TryGetValue(key, out Value? value) ? value.Record : ReadOnlyMemory<byte>.Empty);
    }

    /// <inheritdoc/>
    public ValueTask<bool> EraseAsync(string key, CancellationToken ct)
    {
        ZarrKey.Validate(key);
        ct.ThrowIfCancellationRequested();
        return new(_values.TryRemove(key, out _));
    }

    /// <inheritdoc/>
    public ValueTask ErasePrefixAsync(string prefix, CancellationToken ct)
    {
        foreach (KeyValuePair<string, Value> value in Below(prefix, ct))
        {
            _values.TryRemove(value.Key, out _);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListPrefixAsync(string prefix, CancellationToken ct) =>
        Below(prefix, ct).Select(value => value.Key).ToAsyncEnumerable();

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListDirAsync(string prefix, CancellationToken ct) =>
        Below(prefix, ct)
            .Select(value => value.Key.IndexOf('/', prefix.Length) is >= 0 and int slash ? value.Key[..(slash + 1)] : value.Key)
            .Distinct(StringComparer.Ordinal)
            .ToAsyncEnumerable();

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ScanAsync(CancellationToken ct) =>
        Below("", ct).Select(value => new StoredObject(value.Key, value.Value.Bytes.Length, value.Value.Info.LastModified!.Value)).ToAsyncEnumerable();

    /// <summary>There are none: nothing is written in steps.</summary>
    public ValueTask<RemovedTemporaries> RemoveTemporariesAsync(TimeSpan age, CancellationToken ct) => default;

    /// <inheritdoc/>
    public long GetAllocatedSize(long size) => size;

    /// <summary>Does nothing: the values stay, for whoever else holds the store.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal bool IsEmpty => _values.IsEmpty;

    private IEnumerable<KeyValuePair<string, Value>> Below(string prefix, CancellationToken ct)
    {
        ZarrKey.ValidatePrefix(prefix);
        ct.ThrowIfCancellationRequested();
        return _values.Where(value => value.Key.StartsWith(prefix, StringComparison.Ordinal));
    }

    private sealed record Value(byte[] Bytes, byte[] Record, ObjectInfo Info);
}
