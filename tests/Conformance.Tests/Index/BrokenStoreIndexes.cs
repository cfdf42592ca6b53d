namespace ZarrCache.Conformance.Tests;

// Each is an exact index with one defect, the one that it is named for.

internal sealed class LosesAKeyOnReplace(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override async ValueTask<IndexEntry?> PushAsync(IndexEntry entry, CancellationToken ct)
    {
        IndexEntry? replaced = await Inner.PushAsync(entry, ct);
        if (replaced is not null)
        {
            await Inner.DeleteAsync(entry.EntryKey, null, ct);
        }

        return replaced;
    }
}

internal sealed class CountsAReplaceTwice(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    private IndexTotals _excess;

    public override async ValueTask<IndexEntry?> PushAsync(IndexEntry entry, CancellationToken ct)
    {
        IndexEntry? replaced = await Inner.PushAsync(entry, ct);
        _excess += replaced is null ? default : IndexTotals.Of(replaced);
        return replaced;
    }

    public override async ValueTask<IndexTotals> GetTotalsAsync(string? storeId, CancellationToken ct) => await Inner.GetTotalsAsync(storeId, ct) + _excess;
}

internal sealed class KeepsAnAbsenceAgainstAValue(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override async ValueTask<IndexEntry?> PushAsync(IndexEntry entry, CancellationToken ct) =>
        await Inner.FindAsync(entry.EntryKey, ct) is { Kind: EntryKind.Absent } absent ? absent : await Inner.PushAsync(entry, ct);
}

internal sealed class CutsTimesToMilliseconds(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override ValueTask<IndexEntry?> PushAsync(IndexEntry entry, CancellationToken ct) =>
        Inner.PushAsync(entry with { StoredAt = DateTimeOffset.FromUnixTimeMilliseconds(entry.StoredAt.ToUnixTimeMilliseconds()) }, ct);
}

internal sealed class FoldsTheCaseOfKeys(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override ValueTask<IndexEntry?> PushAsync(IndexEntry entry, CancellationToken ct) => Inner.PushAsync(entry with { Key = entry.Key.ToLowerInvariant() }, ct);

    public override ValueTask<IndexEntry?> FindAsync(EntryKey key, CancellationToken ct) => Inner.FindAsync(key with { Key = key.Key.ToLowerInvariant() }, ct);
}

internal sealed class JoinsStoreAndKey(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override ValueTask<IndexEntry?> PushAsync(IndexEntry entry, CancellationToken ct)
    {
        EntryKey joined = Join(entry.EntryKey);
        return Inner.PushAsync(entry with { StoreId = joined.StoreId, Key = joined.Key }, ct);
    }

    public override ValueTask<IndexEntry?> FindAsync(EntryKey key, CancellationToken ct) => Inner.FindAsync(Join(key), ct);

    private static EntryKey Join(EntryKey key)
    {
        string[] joined = $"{key.StoreId}/{key.Key}".Split('/', 2);
        return new EntryKey(joined[0], joined[1], key.Offset);
    }
}

internal sealed class ForgetsAPrefix(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override ValueTask<IndexTotals> DeletePrefixAsync(string storeId, string prefix, CancellationToken ct) =>
        prefix.Length == 0 ? Inner.DeletePrefixAsync(storeId, prefix, ct) : default;
}

internal sealed class TakesTheKeyBesideAPrefix(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override async ValueTask<IndexTotals> DeletePrefixAsync(string storeId, string prefix, CancellationToken ct)
    {
        IndexTotals deleted = await Inner.DeletePrefixAsync(storeId, prefix, ct);
        await Inner.DeleteKeyAsync(storeId, prefix.TrimEnd('/'), ct);
        return deleted;
    }
}

internal sealed class ReadsAPrefixAsAPattern(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override async ValueTask<IndexTotals> DeletePrefixAsync(string storeId, string prefix, CancellationToken ct)
    {
        IndexTotals deleted = await Inner.DeletePrefixAsync(storeId, prefix, ct);
        await foreach (IndexEntry entry in Inner.EnumerateAsync(new IndexQuery(storeId), ct))
        {
            if (entry.Key.Length > prefix.Length && prefix.Zip(entry.Key).All(pair => pair.First == '_' || pair.First == pair.Second))
            {
                await Inner.DeleteAsync(entry.EntryKey, null, ct);
            }
        }

        return deleted;
    }
}

internal sealed class IgnoresIfVersion(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override ValueTask<IndexEntry?> DeleteAsync(EntryKey key, long? ifVersion, CancellationToken ct) => Inner.DeleteAsync(key, null, ct);
}

internal sealed class LeavesThePartsOfAKey(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override async ValueTask<IReadOnlyList<IndexEntry>> DeleteKeyAsync(string storeId, string key, CancellationToken ct) =>
        await Inner.DeleteAsync(new EntryKey(storeId, key), null, ct) is { } deleted ? [deleted] : [];
}

internal sealed class PopsInTheWrongOrder(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override async ValueTask<IReadOnlyList<IndexEntry>> PopAsync(PopRequest request, CancellationToken ct) =>
        [.. (await Inner.PopAsync(request, ct)).Reverse()];
}

internal sealed class PopsOneTooMany(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override ValueTask<IReadOnlyList<IndexEntry>> PopAsync(PopRequest request, CancellationToken ct) =>
        Inner.PopAsync(request.Bytes > 0 ? request with { Bytes = request.Bytes + 1 } : request, ct);
}

internal sealed class PopsTwice(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    private int _pops;

    public override async ValueTask<IReadOnlyList<IndexEntry>> PopAsync(PopRequest request, CancellationToken ct)
    {
        IReadOnlyList<IndexEntry> popped = await Inner.PopAsync(request, ct);
        if (popped.Count > 0 && Interlocked.Increment(ref _pops) == 1)
        {
            await Inner.PushAsync(popped[0], ct);
        }

        return popped;
    }
}

internal sealed class PopsWhateverKind(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override ValueTask<IReadOnlyList<IndexEntry>> PopAsync(PopRequest request, CancellationToken ct) => Inner.PopAsync(request with { Kind = null }, ct);
}

internal sealed class PopsMetadataLikeChunks(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override async ValueTask<IReadOnlyList<IndexEntry>> PopAsync(PopRequest request, CancellationToken ct) =>
        [.. (await Inner.PopAsync(request, ct)).OrderBy(entry => entry.Priority)];
}

internal sealed class PopsPinned(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override async ValueTask<IReadOnlyList<IndexEntry>> PopAsync(PopRequest request, CancellationToken ct)
    {
        foreach (Pin pin in await Inner.ListPinsAsync(ct))
        {
            await Inner.UnpinAsync(pin, ct);
        }

        return await Inner.PopAsync(request, ct);
    }
}

internal sealed class PinsWhatIsThereAlone(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override async ValueTask<IndexEntry?> PushAsync(IndexEntry entry, CancellationToken ct)
    {
        foreach (Pin pin in (await Inner.ListPinsAsync(ct)).Where(pin => pin.Covers(entry.StoreId, entry.Key)))
        {
            await Inner.UnpinAsync(pin, ct);
        }

        return await Inner.PushAsync(entry, ct);
    }
}

internal sealed class ReleasesWhatAnotherPinCovers(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override async ValueTask<bool> UnpinAsync(Pin pin, CancellationToken ct)
    {
        foreach (Pin below in (await Inner.ListPinsAsync(ct)).Where(other => other != pin && other.Prefix.StartsWith(pin.Prefix, StringComparison.Ordinal)))
        {
            await Inner.UnpinAsync(below, ct);
        }

        return await Inner.UnpinAsync(pin, ct);
    }
}

internal sealed class ForgetsMinima(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override ValueTask<IReadOnlyList<IndexEntry>> PopAsync(PopRequest request, CancellationToken ct) => Inner.PopAsync(request with { Minima = null }, ct);
}

internal sealed class AdmitsEverything(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override ValueTask<bool> AdmitsAsync(IndexEntry entry, PopRequest request, CancellationToken ct) => new(true);
}

internal sealed class PopsToAnswerWhetherItAdmits(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override async ValueTask<bool> AdmitsAsync(IndexEntry entry, PopRequest request, CancellationToken ct)
    {
        bool admits = await Inner.AdmitsAsync(entry, request, ct);
        await Inner.PopAsync(request, ct);
        return admits;
    }
}

internal sealed class DropsMarks(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override ValueTask MarkAsync(EntryKey key, DateTimeOffset at, CancellationToken ct) => ValueTask.CompletedTask;
}

internal sealed class TakesATouchForAnAccess(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override async ValueTask TouchAsync(EntryKey key, DateTimeOffset validatedAt, CancellationToken ct)
    {
        await Inner.TouchAsync(key, validatedAt, ct);
        await Inner.MarkAsync(key, validatedAt, ct);
    }
}

internal sealed class FindsTheNextPartToo(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override ValueTask<IReadOnlyList<IndexEntry>> FindPartsAsync(string storeId, string key, long offset, long length, CancellationToken ct) =>
        Inner.FindPartsAsync(storeId, key, offset, length == long.MaxValue ? length : length + 1, ct);
}

internal sealed class SortsKeysByUtf16(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override IAsyncEnumerable<IndexEntry> EnumerateAsync(IndexQuery query, CancellationToken ct)
    {
        IAsyncEnumerable<IndexEntry> entries = Inner.EnumerateAsync(query, ct);
        return query.Order != IndexOrder.Key || query.Descending ? entries
            : entries.OrderBy(entry => entry.StoreId, StringComparer.Ordinal).ThenBy(entry => entry.Key, StringComparer.Ordinal).ThenBy(entry => entry.EntryKey.Offset);
    }
}

internal sealed class ForgetsTheLimit(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override IAsyncEnumerable<IndexEntry> EnumerateAsync(IndexQuery query, CancellationToken ct) =>
        Inner.EnumerateAsync(query.Limit > 0 ? query with { Limit = null } : query, ct);
}

internal sealed class IgnoresCancellation(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override ValueTask MarkAsync(EntryKey key, DateTimeOffset at, CancellationToken ct) => Inner.MarkAsync(key, at, CancellationToken.None);
}

internal sealed class AnswersAfterItsEnd(IStoreIndex inner) : ForwardingStoreIndex(inner)
{
    public override async ValueTask<IndexEntry?> FindAsync(EntryKey key, CancellationToken ct)
    {
        try
        {
            return await Inner.FindAsync(key, ct);
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }
}
