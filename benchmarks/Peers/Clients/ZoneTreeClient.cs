using ZoneTree;

namespace ZarrCache.Peers.Clients;

/// <summary>ZoneTree with its defaults: a write-ahead log that is compressed and written asynchronously; newest values are held in memory.</summary>
internal sealed class ZoneTreeClient : PeerClient
{
    private readonly IZoneTree<string, Memory<byte>> _tree;
    private readonly IMaintainer _maintainer;

    private ZoneTreeClient(string directory)
    {
        _tree = new ZoneTreeFactory<string, Memory<byte>>().SetDataDirectory(Path.Combine(directory, "zones")).OpenOrCreate();
        _maintainer = _tree.CreateMaintainer();
    }

    public static Task<IPeerClient> OpenAsync(string directory) => Task.FromResult<IPeerClient>(new ZoneTreeClient(directory));

    public override ValueTask SetAsync(string key, byte[] value)
    {
        _tree.Upsert(key, value.ToArray());
        return ValueTask.CompletedTask;
    }

    public override ValueTask<int> GetAsync(string key) => new(_tree.TryGet(key, out Memory<byte> value) ? Take(value.Span) : -1);

    public override ValueTask DisposeAsync()
    {
        _maintainer.WaitForBackgroundThreads();
        _maintainer.Dispose();
        _tree.Dispose();
        return ValueTask.CompletedTask;
    }
}
