using System.Buffers;
using System.Runtime.CompilerServices;
using ZarrCache.Conformance.Tests.Stores;

namespace ZarrCache.Reliability;

/// <summary>Chunk storages whose every call may fail, that of opening one too.</summary>
internal sealed class FaultyOpener(StoreOpener inner, Faults faults) : StoreOpener
{
    public override int ConcurrentWrites => inner.ConcurrentWrites;

    public override IChunkStore Open(string storeId)
    {
        Task<IChunkStore> opened = faults.OfStorageAsync(() => new ValueTask<IChunkStore>(inner.Open(storeId))).AsTask();
        return new FaultyChunkStore(opened.GetAwaiter().GetResult(), faults); // completed: opening one is no asynchronous work
    }

    public override ValueTask<RemovedTemporaries> RemoveTemporariesAsync(TimeSpan age, CancellationToken ct) => faults.OfStorageAsync(() => inner.RemoveTemporariesAsync(age, ct));

    public override IAsyncEnumerable<string> ListStoresAsync(CancellationToken ct) => Faulty(inner.ListStoresAsync(ct), faults, ct);

    private static async IAsyncEnumerable<T> Faulty<T>(IAsyncEnumerable<T> items, Faults faults, [EnumeratorCancellation] CancellationToken ct)
    {
        await using IAsyncEnumerator<T> enumerator = items.GetAsyncEnumerator(ct);
        while (await faults.OfStorageAsync(enumerator.MoveNextAsync))
        {
            yield return enumerator.Current;
        }
    }

    private sealed class FaultyChunkStore(IChunkStore inner, Faults faults) : ForwardingChunkStore(inner)
    {
        public override ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct) =>
            faults.OfStorageAsync(async () =>
            {
                ReadResult result = await base.GetAsync(key, options, ct);
                return result.Status == ReadStatus.Found && !options.HeadersOnly ? new FaultyResult(result, faults) : result;
            });

        public override ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct) =>
            faults.OfStorageAsync(() => base.SetAsync(key, value, record, ct));

        public override ValueTask<ReadOnlyMemory<byte>> GetRecordAsync(string key, CancellationToken ct) => faults.OfStorageAsync(() => base.GetRecordAsync(key, ct));

        public override ValueTask<bool> EraseAsync(string key, CancellationToken ct) => faults.OfStorageAsync(() => base.EraseAsync(key, ct));

        /// <summary>Key by key, so that it may break off in the middle.</summary>
        public override async ValueTask ErasePrefixAsync(string prefix, CancellationToken ct)
        {
            await foreach (string key in ListPrefixAsync(prefix, ct))
            {
                await EraseAsync(key, ct);
            }
        }

        public override IAsyncEnumerable<string> ListPrefixAsync(string prefix, CancellationToken ct) => Faulty(base.ListPrefixAsync(prefix, ct), faults, ct);

        public override IAsyncEnumerable<StoredObject> ScanAsync(CancellationToken ct) => Faulty(base.ScanAsync(ct), faults, ct);

        public override ValueTask<RemovedTemporaries> RemoveTemporariesAsync(TimeSpan age, CancellationToken ct) => faults.OfStorageAsync(() => base.RemoveTemporariesAsync(age, ct));
    }

    private sealed class FaultyResult(ReadResult inner, Faults faults) : ReadResult(inner.Info, inner.Offset, inner.Length)
    {
        public override ValueTask DisposeAsync() => inner.DisposeAsync();

        protected override ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct) => faults.OfStorageAsync(() => inner.ReadSomeAsync(destination, ct));
    }
}
