using ZarrCache.Benchmarks.Faster;
using ZarrCache.Index.Faster;

namespace ZarrCache.Benchmarks.Suite;

/// <summary>FasterKV with the records of the index and nothing around it (see <see cref="RawLog"/>). Making a record of an entry is measured too, as it is of the index.</summary>
internal sealed class FasterAlone : IIndexYardstick
{
    private const int RoomForKey = 256;

    private readonly RawLog _log;
    private readonly byte[] _record = new byte[2 * RoomForKey];
    private long _count;

    /// <param name="keys">Its hash table is laid out for so many from the beginning, where that of the index doubles; but not for fewer than the index's.</param>
    public FasterAlone(string directory, FasterStoreIndexOptions options, int keys) =>
        _log = new RawLog(Path.Combine(directory, "faster-alone"), options.LogMemoryBytes, MemoryWork.TableBytes(Math.Max(keys, (int)options.ExpectedKeys)));

    /// <summary>It has one order, that of the log, and nothing that pops.</summary>
    public static IReadOnlyList<string> Operations { get; } = [IndexOperations.Push, IndexOperations.Find, IndexOperations.Enumerate];

    public ValueTask PushAsync(IReadOnlyList<IndexEntry> batch)
    {
        foreach (IndexEntry entry in batch)
        {
            (int key, int value) = RawLog.Format(entry, _record.AsSpan(0, RoomForKey), _record.AsSpan(RoomForKey));
            _log.ReadThenUpsert(_record.AsSpan(0, key), _record.AsSpan(RoomForKey, value));
        }

        _count += batch.Count;
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> FindAsync(EntryKey key) => new(_log.Read(_record.AsSpan(0, RawLog.FormatKey(key, _record))));

    public ValueTask<IReadOnlyList<IndexEntry>> PopAsync(int count) => throw new NotSupportedException("FasterKV has no order to pop by.");

    public ValueTask DeleteAsync(IReadOnlyList<IndexEntry> entries)
    {
        foreach (IndexEntry entry in entries)
        {
            _log.Delete(_record.AsSpan(0, RawLog.FormatKey(entry.EntryKey, _record)));
        }

        _count -= entries.Count;
        return ValueTask.CompletedTask;
    }

    /// <summary>Of the log as many records as there are entries, whether they are still the newest of their keys or not.</summary>
    public ValueTask<long?> EnumerateAsync(IndexOrder order, int limit) => new(_log.ScanTexts(Math.Min(limit, _count)));

    public ValueTask DisposeAsync()
    {
        _log.Dispose();
        return ValueTask.CompletedTask;
    }
}
