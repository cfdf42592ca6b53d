namespace ZarrCache.Index.Faster;

/// <summary>The order of an enumeration.</summary>
internal static class EntryOrder
{
    /// <summary>Compares as a query sorts; null if it does not.</summary>
    public static Comparer<IndexEntry>? Of(IndexQuery query)
    {
        Comparison<IndexEntry>? order = query.Order switch
        {
            IndexOrder.Key => ByKey,
            IndexOrder.LastAccess => static (a, b) => a.LastAccess.CompareTo(b.LastAccess),
            IndexOrder.AccessCount => static (a, b) => a.AccessCount.CompareTo(b.AccessCount),
            IndexOrder.Size => static (a, b) => a.Size.CompareTo(b.Size),
            IndexOrder.LoadDuration => static (a, b) => a.LoadDuration.CompareTo(b.LoadDuration),
            IndexOrder.Priority => static (a, b) => (a.Retention, a.Priority).CompareTo((b.Retention, b.Priority)),
            _ => null,
        };
        return order is null ? null : Comparer<IndexEntry>.Create(query.Descending ? (a, b) => order(b, a) : order);
    }

    private static int ByKey(IndexEntry a, IndexEntry b)
    {
        int order = Utf8Order.Compare(a.StoreId, b.StoreId);
        order = order == 0 ? Utf8Order.Compare(a.Key, b.Key) : order;
        return order == 0 ? a.EntryKey.Offset.CompareTo(b.EntryKey.Offset) : order;
    }
}
