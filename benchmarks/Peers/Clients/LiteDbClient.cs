using LiteDB;

namespace ZarrCache.Peers.Clients;

/// <summary>LiteDB with its defaults: a document for each value.</summary>
internal sealed class LiteDbClient : PeerClient
{
    private readonly LiteDatabase _database;
    private readonly ILiteCollection<BsonDocument> _values;

    private LiteDbClient(string directory)
    {
        _database = new LiteDatabase(Path.Combine(directory, "lite.db"));
        _values = _database.GetCollection("values");
    }

    public static Task<IPeerClient> OpenAsync(string directory) => Task.FromResult<IPeerClient>(new LiteDbClient(directory));

    public override ValueTask SetAsync(string key, byte[] value)
    {
        _values.Upsert(Document(key, value));
        return ValueTask.CompletedTask;
    }

    public override ValueTask<int> GetAsync(string key) => new(_values.FindById(key)["value"].AsBinary.Length);

    public override ValueTask SetManyAsync(IReadOnlyList<(string Key, byte[] Record)> batch)
    {
        _values.Upsert(batch.Select(one => Document(one.Key, one.Record)));
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        _database.Dispose();
        return ValueTask.CompletedTask;
    }

    private static BsonDocument Document(string key, byte[] value) => new() { ["_id"] = key, ["value"] = value };
}
