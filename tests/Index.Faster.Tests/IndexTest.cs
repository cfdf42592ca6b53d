using Xunit;
using ZarrCache.Conformance;

namespace ZarrCache.Index.Faster.Tests;

/// <summary>What the tests of the FASTER index share: a directory with one index, and entries.</summary>
public abstract class IndexTest : IDisposable
{
    private protected TemporaryDirectory Temporary { get; } = new();

    protected string IndexPath => Temporary["index"];

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Little memory, so that most of the log is on disk.</summary>
    protected static FasterStoreIndexOptions Small { get; } = new() { LogMemoryBytes = 1 << 18, PageBytes = 1 << 16, ExpectedKeys = 1000, RebuildIfCorrupt = false };

    public void Dispose()
    {
        Temporary.Dispose();
        GC.SuppressFinalize(this);
    }

    protected FasterStoreIndex Open(FasterStoreIndexOptions? options = null) => new(IndexPath, options ?? Small);

    protected static IndexEntry Value(string key, string store = "s", long size = 100) => new()
    {
        StoreId = store,
        Key = key,
        Size = size,
        AllocatedSize = size,
        ObjectSize = size,
        ETag = "\"0123456789abcdef\"",
        Version = EntryVersion.Next(),
    };

    protected static IndexEntry Part(string key, long offset, long size) => Value(key, size: size) with { Kind = EntryKind.Part, Offset = offset };

    protected static EntryKey At(string key, string store = "s") => new(store, key);

    /// <summary>Makes an index of so many entries, and closes it.</summary>
    protected async Task FillAsync(int count)
    {
        await using FasterStoreIndex index = Open();
        await index.PushManyAsync(Enumerable.Range(0, count).Select(i => Value($"c/{i}")).ToArray(), Ct);
    }

    protected static async Task<List<IndexEntry>> ListAsync(IStoreIndex index, IndexQuery query = default)
    {
        var entries = new List<IndexEntry>();
        await foreach (IndexEntry entry in index.EnumerateAsync(query, Ct))
        {
            entries.Add(entry);
        }

        return entries;
    }

    protected static async Task AssertTotalsExactAsync(IStoreIndex index)
    {
        List<IndexEntry> entries = await ListAsync(index);
        Assert.Equal(entries.Count, entries.Select(entry => entry.EntryKey).Distinct().Count());
        Assert.Equal(Sum(entries), await index.GetTotalsAsync(null, Ct));
        foreach (IGrouping<string, IndexEntry> store in entries.GroupBy(entry => entry.StoreId))
        {
            Assert.Equal(Sum(store), await index.GetTotalsAsync(store.Key, Ct));
        }
    }

    private static IndexTotals Sum(IEnumerable<IndexEntry> entries) => entries.Aggregate(default(IndexTotals), (sum, entry) => sum + IndexTotals.Of(entry));
}
