namespace ZarrCache.Conformance.Tests;

// Each is a healthy storage with one defect in its parts, the one that it is named for.

internal sealed class ReadsAPartFromItsBeginning(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    public override async ValueTask<CacheHit?> GetPartAsync(IndexEntry part, long offset, long length, CancellationToken ct)
    {
        CacheHit? hit = await Inner.GetPartAsync(part, offset, length, ct);
        CacheHit? given = await Inner.GetPartAsync(part, part.Offset, length, ct);
        return hit is null || given is null ? null : new ShiftedHit(hit, given);
    }
}

internal sealed class FindsOnlyPartsThatBeginInTheRange(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    public override async ValueTask<CachedParts?> FindPartsAsync(string storeId, string key, ByteRange range, CancellationToken ct) =>
        await Inner.FindPartsAsync(storeId, key, range, ct) is { } found && range.TryResolve(found.Info.Size, out long offset, out _)
            ? found with { Parts = [.. found.Parts.Where(part => part.Offset >= offset)] }
            : null;
}

internal sealed class KnowsNoSuffixes(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    public override ValueTask<CachedParts?> FindPartsAsync(string storeId, string key, ByteRange range, CancellationToken ct) =>
        range.IsSuffix ? new((CachedParts?)null) : Inner.FindPartsAsync(storeId, key, range, ct);
}

internal sealed class FindsNoWaitingParts(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    private volatile bool _waiting;

    public override ValueTask<bool> PutAsync(CacheItem item, CancellationToken ct)
    {
        _waiting = true;
        return Inner.PutAsync(item, ct);
    }

    public override ValueTask<CachedParts?> FindPartsAsync(string storeId, string key, ByteRange range, CancellationToken ct) =>
        _waiting ? new((CachedParts?)null) : Inner.FindPartsAsync(storeId, key, range, ct);

    public override async ValueTask FlushAsync(CancellationToken ct)
    {
        await Inner.FlushAsync(ct);
        _waiting = false;
    }
}

internal sealed class MissesExactParts(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    public override async ValueTask<CacheHit?> GetAsync(string storeId, string key, ByteRange range, CancellationToken ct) =>
        await Inner.GetAsync(storeId, key, range, ct) is { Entry.Kind: not EntryKind.Part } hit ? hit : null;
}

internal sealed class TakesAPartForTheWholeRange(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    public override async ValueTask<CacheHit?> GetAsync(string storeId, string key, ByteRange range, CancellationToken ct)
    {
        CacheHit? hit = await Inner.GetAsync(storeId, key, range, ct);
        return hit is not null || range.Start is not { } start || range.IsAll ? hit : await Inner.GetAsync(storeId, key, ByteRange.Slice(start, 1), ct);
    }
}

internal sealed class KeepsThePartThatCameFirst(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    public override async ValueTask<bool> PutAsync(CacheItem item, CancellationToken ct) =>
        (item.Kind == EntryKind.Part
            && await Inner.FindPartsAsync(item.StoreId, item.Key, ByteRange.Slice(item.Offset, item.Bytes!.Length), ct) is { Parts.Count: > 0 })
        || await Inner.PutAsync(item, ct);
}

internal sealed class KeepsThePartsBesideAValue(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    private readonly Dictionary<string, CachedParts?> _kept = [];

    public override async ValueTask<bool> PutAsync(CacheItem item, CancellationToken ct)
    {
        if (item.Kind != EntryKind.Part)
        {
            _kept[item.Key] = await Inner.FindPartsAsync(item.StoreId, item.Key, ByteRange.All, ct);
        }

        return await Inner.PutAsync(item, ct);
    }

    public override async ValueTask<CachedParts?> FindPartsAsync(string storeId, string key, ByteRange range, CancellationToken ct) =>
        await Inner.FindPartsAsync(storeId, key, range, ct) ?? _kept.GetValueOrDefault(key);
}

internal sealed class DeletesOnlyWholeValues(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    public override async ValueTask<bool> DeleteAsync(string storeId, string key, CancellationToken ct) =>
        await Inner.FindAsync(storeId, key, ct) is not null && await Inner.DeleteAsync(storeId, key, ct);
}

internal sealed class GivesUpAllPartsOfAKeyAtOnce(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    private readonly HashSet<long> _offsets = [];

    public override ValueTask<bool> PutAsync(CacheItem item, CancellationToken ct)
    {
        _offsets.Add(item.Offset);
        return Inner.PutAsync(item, ct);
    }

    public override async ValueTask FlushAsync(CancellationToken ct)
    {
        await Inner.FlushAsync(ct);
        if (await Inner.FindPartsAsync("s", "k", ByteRange.All, ct) is { } found && found.Parts.Count < _offsets.Count)
        {
            await Inner.DeleteAsync("s", "k", ct);
        }
    }
}

internal sealed class MixesVersions(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    public override async ValueTask<CachedParts?> FindPartsAsync(string storeId, string key, ByteRange range, CancellationToken ct) =>
        await Inner.FindPartsAsync(storeId, key, range, ct) is { } found
            ? found with { Parts = [.. found.Parts.Select(part => part with { ETag = found.Info.ETag })] }
            : null;
}
