using Xunit;
using ZarrCache.Conformance;

namespace ZarrCache.Index.Sqlite.Tests;

/// <summary>What the tests of the SQLite index share: a directory with one database, and entries.</summary>
public abstract class IndexTest : IDisposable
{
    private protected TemporaryDirectory Directory { get; } = new();

    protected string DatabasePath => Directory["index.db"];

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Directory.Dispose();
        GC.SuppressFinalize(this);
    }

    protected SqliteStoreIndex Open(SqliteStoreIndexOptions? options = null) => new(DatabasePath, options ?? new SqliteStoreIndexOptions());

    protected static IndexEntry Value(string key, string store = "s", long size = 100) => new()
    {
        StoreId = store,
        Key = key,
        Size = size,
        AllocatedSize = size,
        ObjectSize = size,
        Version = EntryVersion.Next(),
    };

    protected static IndexEntry Part(string key, long offset, long size) => Value(key, size: size) with { Kind = EntryKind.Part, Offset = offset };

    protected static EntryKey At(string key, string store = "s") => new(store, key);

    private protected static async Task<string[]> PopKeysAsync(IStoreIndex index, long count = 1000) =>
        [.. (await index.PopAsync(new PopRequest(Count: count), Ct)).Select(entry => entry.Key)];
}
