namespace ZarrCache.Peers.Clients;

/// <summary>An index of ZarrCache alone: a record is an entry, with its place in the order of eviction and in the totals.</summary>
internal sealed class ZarrCacheIndex(IStoreIndex index) : PeerClient
{
    private static readonly BlockChecksums Checksums = BlockChecksums.Compute(new byte[] { 1, 2, 3 });

    public override bool KeepsValues => false;

    public override async ValueTask SetAsync(string key, byte[] value) => await index.PushAsync(Entry(key), CancellationToken.None);

    public override async ValueTask<int> GetAsync(string key) => await index.FindAsync(new EntryKey("peers", key), CancellationToken.None) is null ? -1 : 1;

    public override ValueTask SetManyAsync(IReadOnlyList<(string Key, byte[] Record)> batch) =>
        index.PushManyAsync(batch.Select(one => Entry(one.Key)).ToArray(), CancellationToken.None);

    public override ValueTask DisposeAsync() => index.DisposeAsync();

    private static IndexEntry Entry(string key) => new()
    {
        StoreId = "peers",
        Key = key,
        Size = 1 << 20,
        AllocatedSize = 1 << 20,
        ObjectSize = 1 << 20,
        Checksums = Checksums,
        ETag = "\"0123456789abcdef\"",
        LoadDuration = TimeSpan.FromMilliseconds(20),
        Version = EntryVersion.Next(),
    };
}
