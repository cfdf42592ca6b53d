using System.Buffers;

namespace ZarrCache;

/// <summary>
/// What a store must be able to do besides, to keep the chunks of a cache: let a record travel with each value, and
/// list what it holds for the sweep. Opened by a <see cref="StoreOpener"/>.
/// </summary>
public interface IChunkStore : IZarrStore
{
    /// <summary>
    /// As <see cref="IZarrStore.SetAsync"/>, with a record that becomes visible in the same instant as the value and is
    /// replaced and erased with it (an extended attribute, object metadata). A store whose medium has no place for
    /// the record, or not for one of that length, keeps the value without it.
    /// </summary>
    ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct);

    /// <summary>The record that travelled with a value; empty when there is no value or no record.</summary>
    ValueTask<ReadOnlyMemory<byte>> GetRecordAsync(string key, CancellationToken ct);

    /// <summary>
    /// Removes a value, if there is one. Unlike <see cref="IZarrStore.EraseAsync"/> it does not say whether there was, which costs
    /// a request more where the medium does not tell; nobody who evicts wants to know. By default an erasure: a store whose
    /// medium does not tell, and what wraps one, has its own.
    /// </summary>
    /// <exception cref="ArgumentException">The key is none.</exception>
    /// <exception cref="StoreException">The value may still be there.</exception>
    async ValueTask DiscardAsync(string key, CancellationToken ct) => await EraseAsync(key, ct).ConfigureAwait(false);

    /// <summary>Every value, with its size and age, in no order, streamed; values that come or go meanwhile may be missed or named.</summary>
    IAsyncEnumerable<StoredObject> ScanAsync(CancellationToken ct);

    /// <summary>Removes temporary files and unfinished uploads that are older than <paramref name="age"/>, and empty directories.</summary>
    /// <returns>What was removed, and whether there is any that was too young.</returns>
    ValueTask<RemovedTemporaries> RemoveTemporariesAsync(TimeSpan age, CancellationToken ct);

    /// <summary>What a value of <paramref name="size"/> bytes takes up on the medium: the size rounded up to whole blocks where the medium has blocks. O(1).</summary>
    long GetAllocatedSize(long size);
}

/// <summary>What <see cref="IChunkStore.RemoveTemporariesAsync"/> did.</summary>
/// <param name="Bytes">How many bytes the removed ones held.</param>
/// <param name="OldestLeft">When the oldest of those that were too young was last written, by the medium's clock; null if none was.</param>
public readonly record struct RemovedTemporaries(long Bytes, DateTimeOffset? OldestLeft)
{
    /// <summary>Both together.</summary>
    public static RemovedTemporaries operator +(RemovedTemporaries a, RemovedTemporaries b) =>
        new(a.Bytes + b.Bytes, a.OldestLeft is null || b.OldestLeft < a.OldestLeft ? b.OldestLeft : a.OldestLeft);
}

/// <summary>One value as <see cref="IChunkStore.ScanAsync"/> names it.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Size">Bytes.</param>
/// <param name="WrittenAt">When it was last written, by the medium's clock.</param>
public readonly record struct StoredObject(string Key, long Size, DateTimeOffset WrittenAt);
