namespace ZarrCache.Conformance.Tests;

// Each is a healthy storage with one defect, the one that it is named for.

internal sealed class ReturnsATornValue(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    public override async ValueTask<CacheHit?> GetAsync(string storeId, string key, ByteRange range, CancellationToken ct)
    {
        CacheHit? hit = await Inner.GetAsync(storeId, key, range, ct);
        return hit is { Length: > 0 } ? new TornHit(hit) : hit;
    }
}

internal sealed class IgnoresTheRangeOffset(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    public override async ValueTask<CacheHit?> GetAsync(string storeId, string key, ByteRange range, CancellationToken ct)
    {
        CacheHit? hit = await Inner.GetAsync(storeId, key, range, ct);
        if (hit is not { Status: ReadStatus.Found, Offset: > 0 })
        {
            return hit;
        }

        CacheHit? whole = await Inner.GetAsync(storeId, key, ByteRange.All, ct);
        return whole is null ? hit : new ShiftedHit(hit, whole);
    }
}

internal sealed class ForgetsADelete(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    public override async ValueTask<bool> DeleteAsync(string storeId, string key, CancellationToken ct) => await Inner.FindAsync(storeId, key, ct) is not null;
}

internal sealed class DeletesOnlyWhatIsWritten(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    private readonly HashSet<(string StoreId, string Key)> _waiting = [];

    public override ValueTask<bool> PutAsync(CacheItem item, CancellationToken ct)
    {
        lock (_waiting)
        {
            _waiting.Add((item.StoreId, item.Key));
        }

        return Inner.PutAsync(item, ct);
    }

    public override ValueTask<bool> DeleteAsync(string storeId, string key, CancellationToken ct)
    {
        lock (_waiting)
        {
            return _waiting.Contains((storeId, key)) ? new(true) : Inner.DeleteAsync(storeId, key, ct);
        }
    }

    public override async ValueTask FlushAsync(CancellationToken ct)
    {
        await Inner.FlushAsync(ct);
        lock (_waiting)
        {
            _waiting.Clear();
        }
    }
}

internal sealed class ForgetsAPrefixOfKeys(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    public override ValueTask<IndexTotals> DeletePrefixAsync(string storeId, string prefix, CancellationToken ct) =>
        prefix.Length == 0 ? Inner.DeletePrefixAsync(storeId, prefix, ct) : new(new IndexTotals(4, 3 * 65_536, 3 * 65_536, 1));
}

internal sealed class DeletesAllStores(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    public override async ValueTask<IndexTotals> DeletePrefixAsync(string storeId, string prefix, CancellationToken ct)
    {
        await Inner.DeletePrefixAsync("s/t", prefix, ct);
        return await Inner.DeletePrefixAsync(storeId, prefix, ct);
    }
}

internal sealed class ServesTheWrongStore(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    public override ValueTask<bool> PutAsync(CacheItem item, CancellationToken ct) =>
        Inner.PutAsync(item with { StoreId = "one", Key = $"{item.StoreId}/{item.Key}" }, ct);

    public override ValueTask<CacheHit?> GetAsync(string storeId, string key, ByteRange range, CancellationToken ct) =>
        Inner.GetAsync("one", $"{storeId}/{key}", range, ct);

    public override ValueTask<IndexEntry?> FindAsync(string storeId, string key, CancellationToken ct) => Inner.FindAsync("one", $"{storeId}/{key}", ct);
}

internal sealed class LosesQueuedValues(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    private int _puts;

    // every other value is forgotten, as by a queue that overwrites its tail
    public override ValueTask<bool> PutAsync(CacheItem item, CancellationToken ct) =>
        Interlocked.Increment(ref _puts) % 2 == 0 ? new(true) : Inner.PutAsync(item, ct);
}

internal sealed class KeepsAnAbsenceAfterAValue(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    public override async ValueTask<bool> PutAsync(CacheItem item, CancellationToken ct) =>
        await Inner.FindAsync(item.StoreId, item.Key, ct) is { Kind: EntryKind.Absent } || await Inner.PutAsync(item, ct);
}

internal sealed class KeepsTheFirstValue(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    public override async ValueTask<bool> PutAsync(CacheItem item, CancellationToken ct) =>
        await Inner.FindAsync(item.StoreId, item.Key, ct) is { Kind: EntryKind.Value } || await Inner.PutAsync(item, ct);
}

internal sealed class DisposesOfItsCallersBuffer(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    public override async ValueTask<bool> PutAsync(CacheItem item, CancellationToken ct)
    {
        bool taken = await Inner.PutAsync(item, ct);
        await Inner.FlushAsync(ct);
        item.Bytes?.Dispose();
        return taken;
    }
}

internal sealed class NeverLetsGoOfABuffer(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    public override ValueTask<bool> PutAsync(CacheItem item, CancellationToken ct) => Inner.PutAsync(item with { Bytes = item.Bytes?.Hold() }, ct);
}

internal sealed class IgnoresReads(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    private readonly Dictionary<(string, string), List<SharedBuffer>> _copies = [];

    public override async ValueTask<bool> PutAsync(CacheItem item, CancellationToken ct)
    {
        bool taken = await Inner.PutAsync(item, ct);
        if (taken && item.Bytes is { } bytes)
        {
            lock (_copies)
            {
                _copies[(item.StoreId, item.Key)] = [SharedBuffer.Copy(bytes.Bytes)];
            }
        }

        return taken;
    }

    // answers from its own copy as long as the storage has the entry, so that the storage never hears of the access
    public override async ValueTask<CacheHit?> GetAsync(string storeId, string key, ByteRange range, CancellationToken ct)
    {
        IndexEntry? entry = await Inner.FindAsync(storeId, key, ct);
        List<SharedBuffer>? copy;
        lock (_copies)
        {
            _copies.TryGetValue((storeId, key), out copy);
        }

        if (entry is not { Kind: EntryKind.Value } || copy is null)
        {
            return await Inner.GetAsync(storeId, key, range, ct);
        }

        (long offset, long length) = range.Resolve(key, entry.Size);
        return new CopiedHit(entry, offset, length, copy[0]);
    }
}

internal sealed class NeverConfirms(ICacheStorage inner) : ForwardingCacheStorage(inner)
{
    public override ValueTask TouchAsync(IndexEntry entry, DateTimeOffset validatedAt, CancellationToken ct) => ValueTask.CompletedTask;
}
