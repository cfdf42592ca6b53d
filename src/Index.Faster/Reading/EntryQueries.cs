using System.Runtime.CompilerServices;

namespace ZarrCache.Index.Faster;

/// <summary>Answers what needs a scan of the whole log: entries in any order, for which runs are sorted in a directory, sums, and the ranks that another policy gives to all.</summary>
internal sealed class EntryQueries(LogStore log, IndexState state, EntryRecords records, ActiveScans scans, IndexFailures failures, string sortIn)
{
    /// <summary>The entries that a query selects: in the order of the log as they are met, in another when all were seen.</summary>
    public async IAsyncEnumerable<IndexEntry> EnumerateAsync(IndexQuery query, [EnumeratorCancellation] CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        long left = query.Limit ?? long.MaxValue;
        if (left == 0)
        {
            yield break;
        }

        Comparer<IndexEntry>? order = EntryOrder.Of(query);
        using EntrySorter? sorter = order is null ? null : new EntrySorter(order, sortIn, left, entry => state.Pins.RetentionOf(entry.StoreId, entry.Key));
        using EntryScan scan = Scan(query);
        var batch = new List<IndexEntry>();
        while (failures.Guard(() => scan.Read(batch, ct)))
        {
            foreach (IndexEntry entry in batch)
            {
                if (sorter is not null)
                {
                    sorter.Add(entry);
                    continue;
                }

                yield return entry;
                if (--left == 0)
                {
                    yield break;
                }
            }

            batch.Clear();
        }

        foreach (IndexEntry entry in sorter?.Read() ?? [])
        {
            ct.ThrowIfCancellationRequested();
            yield return entry;
            if (--left == 0)
            {
                yield break;
            }
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }

    /// <summary>What the entries below a pin amount to.</summary>
    public IndexTotals Sum(Pin pin, CancellationToken ct)
    {
        IndexTotals sum = default;
        using EntryScan scan = Scan(new IndexQuery(pin.StoreId, pin.Prefix));
        for (var batch = new List<IndexEntry>(); scan.Read(batch, ct); batch.Clear())
        {
            batch.ForEach(entry => sum += IndexTotals.Of(entry));
        }

        return sum;
    }

    /// <summary>Gives every entry the priority of another policy, in the order in which they were used last, and the same order in the log.</summary>
    public void RankAll()
    {
        using var sorter = new EntrySorter(Comparer<IndexEntry>.Create((a, b) => a.AccessClock.CompareTo(b.AccessClock)), sortIn, long.MaxValue, _ => default);
        using (EntryScan scan = Scan(default))
        {
            for (var batch = new List<IndexEntry>(); scan.Read(batch, CancellationToken.None); batch.Clear())
            {
                batch.ForEach(sorter.Add);
            }
        }

        foreach (IndexEntry entry in sorter.Read())
        {
            records.Rerank(entry);
        }
    }

    private EntryScan Scan(IndexQuery query) => new(log, state, records, scans, query);
}
