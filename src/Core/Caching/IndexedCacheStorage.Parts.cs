namespace ZarrCache;

/// <content>The parts of objects that are not cached whole: finding those under a range, and reading from one.</content>
public sealed partial class IndexedCacheStorage
{
    /// <inheritdoc/>
    public async ValueTask<CachedParts?> FindPartsAsync(string storeId, string key, ByteRange range, CancellationToken ct)
    {
        try
        {
            IReadOnlyList<IndexEntry> waiting = _writer.Queue.FindParts(storeId, key);
            IndexEntry? any = waiting.Count > 0 ? waiting[0] : await _lookups.FindFirstPartAsync(storeId, key, ct).ConfigureAwait(false);
            if (any is null || (waiting.Count == 0 && _writer.Distrusted.Contains(storeId, key)))
            {
                return null;
            }

            if (!range.TryResolve(any.ObjectSize, out long offset, out long length) || length == 0)
            {
                return new CachedParts(any, []);
            }

            IReadOnlyList<IndexEntry> stored = await _lookups.FindPartsAsync(storeId, key, offset, length, ct).ConfigureAwait(false);
            if (_writer.Distrusted.Contains(storeId, key))
            {
                stored = [];
            }

            return new CachedParts(any, waiting.Count == 0 ? stored : Merge(stored, waiting, offset, length));
        }
        catch (ZarrCacheException exception)
        {
            Fail(exception, storeId, key);
            return null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<CacheHit?> GetPartAsync(IndexEntry part, long offset, long length, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(part);
        var range = ByteRange.Slice(offset, length);
        if (_writer.Queue.FindAndHold(part.EntryKey) is { } waiting)
        {
            if (waiting.Entry.Version == part.Version)
            {
                return OpenQueued(waiting, range);
            }

            waiting.Bytes?.Dispose();
        }

        try
        {
            await MarkAsync(part, ct).ConfigureAwait(false);
            return await OpenAsync(part, range, ct).ConfigureAwait(false);
        }
        catch (ZarrCacheException exception)
        {
            Fail(exception, part.StoreId, part.Key);
            return null;
        }
    }

    /// <summary>The part that begins where the range does and holds all of it: what a reader asks for again, found as fast as a value.</summary>
    private async ValueTask<IndexEntry?> FindExactPartAsync(string storeId, string key, ByteRange range, CancellationToken ct)
    {
        if (range.Start is not { } start || await _lookups.FindAsync(new EntryKey(storeId, key, start), ct).ConfigureAwait(false) is not { } part)
        {
            return null;
        }

        return range.TryResolve(part.ObjectSize, out long offset, out long length) && offset + length <= part.Offset + part.Size ? part : null;
    }

    /// <summary>The parts of both lists that share a byte with the range, by offset; one that waits goes before a stored one that it will replace.</summary>
    private static List<IndexEntry> Merge(IReadOnlyList<IndexEntry> stored, IReadOnlyList<IndexEntry> waiting, long offset, long length)
    {
        List<IndexEntry> parts = [.. waiting.Where(part => part.Offset < offset + length && part.Offset + part.Size > offset)];
        parts.AddRange(stored.Where(part => !waiting.Any(other => other.Offset < part.Offset + part.Size && other.Offset + other.Size > part.Offset)));
        parts.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        return parts;
    }
}
