using System.Text;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace ZarrCache.Conformance;

/// <summary>
/// What every <see cref="IStoreIndex"/> must do. A back end derives from it and hands in indexes; one that outlives its
/// process derives from <see cref="PersistentStoreIndexSuite"/>. The facts lie by subject in the files beside this one.
/// </summary>
public abstract partial class StoreIndexSuite : IAsyncLifetime
{
    private readonly List<IStoreIndex> _opened = [];

    /// <summary>The wall clock of the indexes; it changes only when a fact moves it.</summary>
    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A new and empty index at a place of its own. Called several times by one fact; the suite disposes of each.</summary>
    protected abstract ValueTask<IStoreIndex> CreateAsync(EvictionPolicy policy, TimeProvider time);

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Disposes of the indexes that the fact opened. Who removes their files overrides this, and calls it first.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        foreach (IStoreIndex index in _opened)
        {
            await index.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>An empty index that lives as long as the fact.</summary>
    protected async Task<IStoreIndex> NewAsync(EvictionPolicy? policy = null) => Keep(await CreateAsync(policy ?? EvictionPolicy.Lru, Time));

    private protected IStoreIndex Keep(IStoreIndex index)
    {
        _opened.Add(index);
        return index;
    }

    private protected static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private protected static IndexEntry Value(string key, long size = 100, string store = "s", long? allocated = null) => new()
    {
        StoreId = store,
        Key = key,
        Kind = EntryKind.Value,
        Size = size,
        AllocatedSize = allocated ?? size,
        ObjectSize = size,
        StoredAt = Noon,
        ValidatedAt = Noon,
        LastAccess = Noon,
        Version = EntryVersion.Next(),
    };

    private protected static IndexEntry Part(string key, long offset, long size, string store = "s") =>
        Value(key, size, store) with { Kind = EntryKind.Part, Offset = offset, ObjectSize = long.MaxValue };

    private protected static IndexEntry Absent(string key, string store = "s") => Value(key, 0, store) with { Kind = EntryKind.Absent };

    private protected static EntryKey At(string key, string store = "s", long offset = EntryKey.Whole) => new(store, key, offset);

    /// <summary>An entry as it was pushed: without what the index gives it.</summary>
    private protected static IndexEntry? Pushed(IndexEntry? entry) => entry is null ? null : entry with { Priority = 0, AccessClock = 0, Referenced = false, Retention = default };

    private protected static string[] Keys(IEnumerable<IndexEntry> entries) => [.. entries.Select(entry => entry.Key)];

    private protected static async Task<List<IndexEntry>> ListAsync(IStoreIndex index, IndexQuery query = default)
    {
        var entries = new List<IndexEntry>();
        await foreach (IndexEntry entry in index.EnumerateAsync(query, Ct))
        {
            entries.Add(entry);
        }

        return entries;
    }

    private protected static async Task PushAllAsync(IStoreIndex index, params IndexEntry[] entries)
    {
        foreach (IndexEntry entry in entries)
        {
            await index.PushAsync(entry, Ct);
        }
    }

    /// <summary>The totals are what the entries that can be enumerated amount to, for each store and for all.</summary>
    private protected static async Task AssertTotalsExactAsync(IStoreIndex index)
    {
        List<IndexEntry> entries = await ListAsync(index);
        Assert.Equal(SumOf(entries), await index.GetTotalsAsync(null, Ct));
        foreach (IGrouping<string, IndexEntry> store in entries.GroupBy(entry => entry.StoreId))
        {
            Assert.Equal(SumOf(store), await index.GetTotalsAsync(store.Key, Ct));
        }

        Assert.Equal(SortedByBytes(entries.Select(entry => entry.StoreId).Distinct()), await index.ListStoresAsync(Ct));
    }

    private protected static IndexTotals SumOf(IEnumerable<IndexEntry> entries) =>
        entries.Aggregate(default(IndexTotals), (sum, entry) => sum + IndexTotals.Of(entry));

    private protected static IEnumerable<string> SortedByBytes(IEnumerable<string> texts) => texts.Order(Utf8Bytes);

    /// <summary>The order of texts by the bytes of their UTF-8 form, from the bytes themselves.</summary>
    private protected static Comparer<string> Utf8Bytes { get; } =
        Comparer<string>.Create((a, b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)));
}
