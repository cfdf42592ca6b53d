using System.Runtime.CompilerServices;

namespace ZarrCache.Index.Redis;

/// <summary>
/// Streams entries. Unsorted and by key along the order of keys, by priority and last access along theirs, all page by page; by access
/// count, size and load duration the best are kept in memory while all are looked at, at most <see cref="MaxSorted"/>.
/// </summary>
internal sealed class Enumeration(IndexContext context, IndexQuery query)
{
    /// <summary>The most entries that are sorted in memory, some 500 bytes each.</summary>
    public const int MaxSorted = 1_000_000;

    private const int FirstPage = 64;
    private const int LaterPages = 500;

    public IAsyncEnumerable<IndexEntry> RunAsync(CancellationToken ct) => query.Order switch
    {
        IndexOrder.None or IndexOrder.Key => ByKeyAsync(ct),
        IndexOrder.Priority => ByPriorityAsync(ct),
        IndexOrder.LastAccess => ByLastAccessAsync(ct),
        IndexOrder.AccessCount => SortedAsync(entry => entry.AccessCount, ct),
        IndexOrder.Size => SortedAsync(entry => entry.Size, ct),
        _ => SortedAsync(entry => entry.LoadDuration.Ticks, ct),
    };

    /// <summary>The next page is on its way while the caller looks at one.</summary>
    private async IAsyncEnumerable<IndexEntry> ByKeyAsync([EnumeratorCancellation] CancellationToken ct)
    {
        foreach (string storeId in await ListStoresAsync(ct).ConfigureAwait(false))
        {
            var pages = new KeyPages(context.Server, context.Keys.For(storeId), query.Prefix, query.Descending);
            int size = query.Limit is { } limit and < FirstPage ? Math.Max(1, (int)limit) : FirstPage;
            Task<(bool More, Task<List<Row>> Rows)>? next = pages.BeginAsync(size, ct);
            while (next is not null)
            {
                (bool more, Task<List<Row>> rows) = await next.ConfigureAwait(false);
                next = more ? pages.BeginAsync(LaterPages, ct) : null;
                foreach (Row row in await rows.ConfigureAwait(false))
                {
                    if (query.Kind is null || query.Kind == row.Entry.Kind)
                    {
                        yield return row.Entry;
                    }
                }
            }
        }
    }

    private async IAsyncEnumerable<IndexEntry> ByPriorityAsync([EnumeratorCancellation] CancellationToken ct)
    {
        IReadOnlyList<string> stores = await ListStoresAsync(ct).ConfigureAwait(false);
        Retention[] retentions = Enum.GetValues<Retention>();
        foreach (Retention retention in query.Descending ? retentions.Reverse() : retentions)
        {
            IReadOnlyList<OrderPages> orders = IndexReads.Orders(context, stores, [retention], query.Kind, query.Descending);
            await foreach (IndexEntry entry in MergeAsync(orders, PriorityPosition.Of, ct).ConfigureAwait(false))
            {
                yield return entry;
            }
        }
    }

    private async IAsyncEnumerable<IndexEntry> ByLastAccessAsync([EnumeratorCancellation] CancellationToken ct)
    {
        IReadOnlyList<string> stores = await ListStoresAsync(ct).ConfigureAwait(false);
        OrderPages[] orders = [.. stores.Select(context.Keys.For).Select(store => new OrderPages(context.Server, store, store.Access, 0, query.Descending))];
        await foreach (IndexEntry entry in MergeAsync(orders, row => row.Entry.LastAccess, ct).ConfigureAwait(false))
        {
            if (query.Kind is null || query.Kind == entry.Kind)
            {
                yield return entry;
            }
        }
    }

    private async IAsyncEnumerable<IndexEntry> MergeAsync<TPosition>(IReadOnlyList<OrderPages> orders, Func<Row, TPosition> positionOf, [EnumeratorCancellation] CancellationToken ct)
    {
        IComparer<TPosition> comparer = query.Descending
            ? Comparer<TPosition>.Create((a, b) => Comparer<TPosition>.Default.Compare(b, a))
            : Comparer<TPosition>.Default;
        var merge = new OrderMerge<TPosition>(orders, positionOf, comparer, FirstPage);
        while (await merge.PeekAsync(ct).ConfigureAwait(false) is { } first)
        {
            await merge.TakeAsync(ct).ConfigureAwait(false);
            if (first.Row.Entry.Key.StartsWith(query.Prefix, StringComparison.Ordinal))
            {
                yield return first.Row.Entry;
            }
        }
    }

    /// <exception cref="ZarrCacheException">There are more than can be sorted, and no limit.</exception>
    private async IAsyncEnumerable<IndexEntry> SortedAsync(Func<IndexEntry, long> by, [EnumeratorCancellation] CancellationToken ct)
    {
        int sign = query.Descending ? -1 : 1;
        long most = query.Limit ?? long.MaxValue;

        // the worst of those that are kept comes first, to be pushed out by a better one
        var best = new PriorityQueue<IndexEntry, long>(Comparer<long>.Create((a, b) => sign * b.CompareTo(a)));
        await foreach (IndexEntry entry in ByKeyAsync(ct).ConfigureAwait(false))
        {
            if (best.Count < most)
            {
                best.Enqueue(entry, by(entry));
            }
            else
            {
                best.EnqueueDequeue(entry, by(entry));
            }

            if (best.Count > MaxSorted)
            {
                throw new ZarrCacheException($"More than {MaxSorted} entries cannot be sorted by {query.Order}, for which the index has no order: give a limit, or enumerate by key, priority or last access.");
            }
        }

        var sorted = new IndexEntry[best.Count];
        for (int i = sorted.Length - 1; i >= 0; i--)
        {
            sorted[i] = best.Dequeue();
        }

        foreach (IndexEntry entry in sorted)
        {
            yield return entry;
        }
    }

    private async ValueTask<IReadOnlyList<string>> ListStoresAsync(CancellationToken ct)
    {
        IReadOnlyList<string> stores = query.StoreId is { } only ? [only] : await IndexReads.ListStoresAsync(context, ct).ConfigureAwait(false);
        return query.Descending ? [.. stores.Reverse()] : stores;
    }
}
