using System.Text;
using RocksDbSharp;

namespace ZarrCache.Peers.Clients;

/// <summary>RocksDB with its defaults: a write-ahead log that is not synchronised, block check sums that are verified.</summary>
internal sealed class RocksDbClient(RocksDb database) : PeerClient
{
    public static Task<IPeerClient> OpenAsync(string directory) =>
        Task.FromResult<IPeerClient>(new RocksDbClient(RocksDb.Open(new DbOptions().SetCreateIfMissing(true), Path.Combine(directory, "rocks"))));

    public override ValueTask SetAsync(string key, byte[] value)
    {
        database.Put(Encoding.UTF8.GetBytes(key), value);
        return ValueTask.CompletedTask;
    }

    public override ValueTask<int> GetAsync(string key) => new(database.Get(Encoding.UTF8.GetBytes(key)).Length);

    public override ValueTask SetManyAsync(IReadOnlyList<(string Key, byte[] Record)> batch)
    {
        using var writes = new WriteBatch();
        foreach ((string key, byte[] record) in batch)
        {
            writes.Put(Encoding.UTF8.GetBytes(key), record);
        }

        database.Write(writes);
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        database.Dispose();
        return ValueTask.CompletedTask;
    }
}
