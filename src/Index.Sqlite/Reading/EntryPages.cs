namespace ZarrCache.Index.Sqlite;

/// <summary>
/// An enumeration as a sequence of pages, each a read of its own: between two pages nothing is held, so that a consumer
/// who pauses keeps no read transaction open, which would stop the write-ahead log from being folded back.
/// </summary>
internal abstract class EntryPages : IDisposable
{
    /// <summary>The pages that answer a query best.</summary>
    public static EntryPages For(IndexQuery query, ReadConnectionPool pool) => query.Order switch
    {
        IndexOrder.Key => new KeyPages(query),
        IndexOrder.None when query.StoreId is not null => new KeyPages(query),
        IndexOrder.None when query.Kind is null => new RowPages(),
        IndexOrder.None or IndexOrder.Priority when query.Prefix.Length == 0 => new PriorityPages(query),
        IndexOrder.None or IndexOrder.Priority or IndexOrder.LastAccess or IndexOrder.AccessCount or IndexOrder.Size or IndexOrder.LoadDuration =>
            new SortedPages(query, pool),
        _ => throw new ArgumentOutOfRangeException(nameof(query), query.Order, "There is no such order."),
    };

    /// <summary>Appends at most <paramref name="limit"/> entries; false when there are no more after them.</summary>
    public abstract bool Read(ReadConnection reader, List<IndexEntry> page, int limit);

    public virtual void Dispose()
    {
    }
}
