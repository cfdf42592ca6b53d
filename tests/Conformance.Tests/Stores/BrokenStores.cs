using System.Buffers;

namespace ZarrCache.Conformance.Tests.Stores;

// Each is a store in memory with one defect, the one that it is named for.

internal sealed class ReturnsATornValue(IChunkStore inner) : ForwardingChunkStore(inner)
{
    private byte[]? _replaced;

    public override async ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct)
    {
        byte[]? old = await Inner.GetBytesAsync(key, ct: ct);
        ObjectInfo info = await base.SetAsync(key, value, record, ct);
        Volatile.Write(ref _replaced, old);
        return info;
    }

    /// <summary>The first read after a replace gets the beginning of the old value.</summary>
    public override async ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        ReadResult result = await base.GetAsync(key, options, ct);
        if (result.Status != ReadStatus.Found || Interlocked.Exchange(ref _replaced, null) is not { } old)
        {
            return result;
        }

        byte[] torn = new byte[result.Length];
        await result.ReadAsync(torn, ct);
        old.AsSpan(0, Math.Min(old.Length, torn.Length) / 2).CopyTo(torn);
        return new MemoryReadResult(result.Info, result.Offset, torn);
    }
}

internal sealed class SetsHalfOnFailure(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override async ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct)
    {
        try
        {
            return await base.SetAsync(key, value, record, ct);
        }
        catch (IOException)
        {
            await Inner.SetAsync(key, value.First, ct);
            throw;
        }
    }
}

internal sealed class KeepsTheEndOfALongerValue(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override async ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct)
    {
        byte[] old = await Inner.GetBytesAsync(key, ct: ct) ?? [];
        byte[] bytes = value.Length >= old.Length ? value.ToArray() : [.. value.ToArray(), .. old.AsSpan((int)value.Length)];
        return await base.SetAsync(key, new(bytes), record, ct);
    }
}

internal sealed class IgnoresTheOffsetOfARange(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override async ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        ReadResult result = await base.GetAsync(key, options, ct);
        if (result.Status != ReadStatus.Found)
        {
            return result;
        }

        byte[] whole = (await Inner.GetBytesAsync(key, ct: ct))!;
        return new MemoryReadResult(result.Info, result.Offset, whole.AsMemory(0, (int)result.Length));
    }
}

internal sealed class TakesAnEmptyValueForNone(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override async ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct) =>
        await base.GetAsync(key, options, ct) is { Info.Size: > 0 } result ? result : ReadResult.WithoutBytes(ReadStatus.Absent);
}

internal sealed class CutsRangesBeyondTheEndToNothing(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override async ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        try
        {
            return await base.GetAsync(key, options, ct);
        }
        catch (RangeNotSatisfiableException e)
        {
            return new MemoryReadResult(new ObjectInfo(e.Size, null, null), e.Size, default);
        }
    }
}

internal sealed class IgnoresIfNoneMatch(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct) => base.GetAsync(key, options with { IfNoneMatch = null }, ct);
}

internal sealed class IgnoresIfMatch(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct) => base.GetAsync(key, options with { IfMatch = null }, ct);
}

internal sealed class SharesTheBytesOfItsCaller(IChunkStore inner) : ForwardingChunkStore(inner)
{
    private readonly Dictionary<string, ReadOnlySequence<byte>> _given = [];

    public override ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct)
    {
        _given[key] = value;
        return base.SetAsync(key, value, record, ct);
    }

    public override async ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct) =>
        await base.GetAsync(key, options, ct) is { Status: ReadStatus.Found } result
            ? new MemoryReadResult(result.Info, result.Offset, _given[key].Slice(result.Offset, result.Length).ToArray())
            : ReadResult.WithoutBytes(ReadStatus.Absent);
}

internal sealed class FoldsCase(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct) => base.GetAsync(key.ToLowerInvariant(), options, ct);

    public override ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct) => base.SetAsync(key.ToLowerInvariant(), value, record, ct);
}

internal sealed class NormalisesKeys(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct) => base.GetAsync(Dots(key), options, ct);

    private static string Dots(string key) => key.Replace("/../", "/", StringComparison.Ordinal).Replace("./", "", StringComparison.Ordinal);
}

internal sealed class LosesTheKeyAboveAnother(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override async ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct)
    {
        for (int slash = key.IndexOf('/'); slash >= 0; slash = key.IndexOf('/', slash + 1))
        {
            await Inner.EraseAsync(key[..slash], ct);
        }

        return await base.SetAsync(key, value, record, ct);
    }
}

internal sealed class ErasesNothingTwice(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override async ValueTask<bool> EraseAsync(string key, CancellationToken ct)
    {
        await base.EraseAsync(key, ct);
        return true;
    }
}

internal sealed class KeepsADiscardedValue(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override ValueTask DiscardAsync(string key, CancellationToken ct) => ValueTask.CompletedTask;
}

internal sealed class ErasesTheKeyBesideAPrefix(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override async ValueTask ErasePrefixAsync(string prefix, CancellationToken ct)
    {
        await base.ErasePrefixAsync(prefix, ct);
        await foreach (string key in Inner.ListPrefixAsync("", ct))
        {
            if (prefix.Length > 0 && key.StartsWith(prefix[..^1], StringComparison.Ordinal))
            {
                await Inner.EraseAsync(key, ct);
            }
        }
    }
}

internal sealed class ForgetsAPrefixOfKeys(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override ValueTask ErasePrefixAsync(string prefix, CancellationToken ct) => prefix.Length == 0 ? base.ErasePrefixAsync(prefix, ct) : ValueTask.CompletedTask;
}

internal sealed class ListsAKeyTwice(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override IAsyncEnumerable<string> ListPrefixAsync(string prefix, CancellationToken ct) =>
        base.ListPrefixAsync(prefix, ct).SelectMany(key => key.Length == 1 ? (string[])[key] : [key, key]);
}

internal sealed class ListsADirectoryForEachOfItsKeys(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override IAsyncEnumerable<string> ListDirAsync(string prefix, CancellationToken ct) =>
        Inner.ListPrefixAsync(prefix, ct).Select(key => key.IndexOf('/', prefix.Length) is >= 0 and int slash ? key[..(slash + 1)] : key);
}

internal sealed class IgnoresTheToken(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct) => base.SetAsync(key, value, record, CancellationToken.None);
}

internal sealed class PadsAShortReadWithZeros(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override async ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct) =>
        await base.GetAsync(key, options, ct) is { Status: ReadStatus.Found, Length: > 100_000 } found
            ? new Padded(found)
            : await base.GetAsync(key, options, ct);

    private sealed class Padded(ReadResult inner) : ReadResult(inner.Info, inner.Offset, inner.Length)
    {
        public override ValueTask DisposeAsync() => inner.DisposeAsync();

        protected override async ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct)
        {
            int read = await inner.ReadSomeAsync(destination[..Math.Min(destination.Length, 65536)], ct);
            destination[read..].Span.Clear();
            return destination.Length;
        }
    }
}

internal sealed class KeepsTheRecordOfTheOldValue(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override async ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct)
    {
        ReadOnlyMemory<byte> old = await GetRecordAsync(key, ct);
        return await base.SetAsync(key, value, old.IsEmpty ? record : old, ct);
    }
}

internal sealed class KeepsTheRecordOfAnErasedValue(IChunkStore inner) : ForwardingChunkStore(inner)
{
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _records = [];

    public override ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct)
    {
        _records[key] = record.ToArray();
        return base.SetAsync(key, value, record, ct);
    }

    public override ValueTask<ReadOnlyMemory<byte>> GetRecordAsync(string key, CancellationToken ct) => new(_records.GetValueOrDefault(key));
}

internal sealed class CutsALongRecord(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct) =>
        base.SetAsync(key, value, record[..Math.Min(record.Length, 4096)], ct);
}

internal sealed class ScansOnlyTheTop(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override IAsyncEnumerable<StoredObject> ScanAsync(CancellationToken ct) => base.ScanAsync(ct).Where(one => !one.Key.Contains('/'));
}

internal sealed class SweepsWhatLooksTemporary(IChunkStore inner) : ForwardingChunkStore(inner)
{
    public override async ValueTask<RemovedTemporaries> RemoveTemporariesAsync(TimeSpan age, CancellationToken ct)
    {
        await Inner.EraseAsync(".zarrcache-tmp-0", ct);
        return default;
    }
}
