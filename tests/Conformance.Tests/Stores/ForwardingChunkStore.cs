using System.Buffers;

namespace ZarrCache.Conformance.Tests.Stores;

/// <summary>The base of broken stores: forwards everything, so that each is broken in one thing.</summary>
internal abstract class ForwardingChunkStore(IChunkStore inner) : ForwardingZarrStore(inner), IChunkStore
{
    protected IChunkStore Chunks => (IChunkStore)Inner;

    public sealed override ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, CancellationToken ct) => SetAsync(key, value, default, ct);

    public virtual ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct) => Chunks.SetAsync(key, value, record, ct);

    public virtual ValueTask<ReadOnlyMemory<byte>> GetRecordAsync(string key, CancellationToken ct) => Chunks.GetRecordAsync(key, ct);

    /// <summary>As an erasure, so that who breaks those breaks this.</summary>
    public virtual async ValueTask DiscardAsync(string key, CancellationToken ct) => await EraseAsync(key, ct);

    public virtual IAsyncEnumerable<StoredObject> ScanAsync(CancellationToken ct) => Chunks.ScanAsync(ct);

    public virtual ValueTask<RemovedTemporaries> RemoveTemporariesAsync(TimeSpan age, CancellationToken ct) => Chunks.RemoveTemporariesAsync(age, ct);

    public virtual long GetAllocatedSize(long size) => Chunks.GetAllocatedSize(size);
}
