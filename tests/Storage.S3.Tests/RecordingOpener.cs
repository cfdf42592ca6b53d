using System.Buffers;
using System.Collections.Concurrent;

namespace ZarrCache.Storage.S3.Tests;

/// <summary>Notes which bytes of which chunk key are downloaded.</summary>
internal sealed class RecordingOpener(StoreOpener inner) : StoreOpener
{
    public ConcurrentQueue<(string Key, long Offset, long Length)> Reads { get; } = new();

    public override IChunkStore Open(string storeId) => new Store(inner.Open(storeId), Reads);

    public override IAsyncEnumerable<string> ListStoresAsync(CancellationToken ct) => inner.ListStoresAsync(ct);

    private sealed class Store(IChunkStore chunks, ConcurrentQueue<(string Key, long Offset, long Length)> reads) : ForwardingZarrStore(chunks), IChunkStore
    {
        public override async ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
        {
            ReadResult result = await chunks.GetAsync(key, options, ct);
            reads.Enqueue((key, result.Offset, result.Length));
            return result;
        }

        public ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct) => chunks.SetAsync(key, value, record, ct);

        public ValueTask<ReadOnlyMemory<byte>> GetRecordAsync(string key, CancellationToken ct) => chunks.GetRecordAsync(key, ct);

        public IAsyncEnumerable<StoredObject> ScanAsync(CancellationToken ct) => chunks.ScanAsync(ct);

        public ValueTask<RemovedTemporaries> RemoveTemporariesAsync(TimeSpan age, CancellationToken ct) => chunks.RemoveTemporariesAsync(age, ct);

        public long GetAllocatedSize(long size) => chunks.GetAllocatedSize(size);
    }
}
