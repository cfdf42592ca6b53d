namespace ZarrCache.Index.Redis;

/// <summary>Gives every entry a new priority when an index is opened with another policy than the one that its priorities come from.</summary>
internal static class Ranking
{
    private const int Page = 500;

    /// <summary>As if every entry had been pushed in the order of its last access. O(n log n), only on a change; broken off, it is done anew by who opens the index next.</summary>
    public static async ValueTask RunAsync(IndexContext context, CancellationToken ct)
    {
        var page = new List<IndexEntry>(Page);
        await foreach (IndexEntry entry in new Enumeration(context, new IndexQuery(Prefix: "", Order: IndexOrder.LastAccess)).RunAsync(ct).ConfigureAwait(false))
        {
            page.Add(entry);
            if (page.Count == Page)
            {
                await RankAsync(context, page, ct).ConfigureAwait(false);
            }
        }

        await RankAsync(context, page, ct).ConfigureAwait(false);
        await context.Policy.SaveAsync(context, all: true, ct).ConfigureAwait(false);
        await context.Session.ConfirmRankedAsync(ct).ConfigureAwait(false);
    }

    private static async ValueTask RankAsync(IndexContext context, List<IndexEntry> page, CancellationToken ct)
    {
        Dictionary<EntryKey, (long Clock, double Priority)> ranks = page.ToDictionary(entry => entry.EntryKey, entry =>
        {
            long clock = context.Clock.Next();
            return (clock, context.Policy.Ask(policy => Priorities.OnPush(policy, entry, clock)));
        });
        foreach (IGrouping<string, IndexEntry> store in page.GroupBy(entry => entry.StoreId))
        {
            await context.Changes.ApplyAsync(
                context.Keys.For(store.Key),
                [.. store.Select(entry => Place.Of(entry.EntryKey))],
                (_, entry) => entry with { AccessClock = ranks[entry.EntryKey].Clock, Priority = ranks[entry.EntryKey].Priority, Referenced = false },
                ct).ConfigureAwait(false);
        }

        page.Clear();
    }
}
