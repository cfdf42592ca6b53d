namespace ZarrCache.Index.Redis;

/// <summary>Several sorted sets as one order: each is read as far as it is needed. Not thread-safe.</summary>
/// <typeparam name="TPosition">What the rows are compared by.</typeparam>
internal sealed class OrderMerge<TPosition>
{
    private readonly PriorityQueue<OrderPages, TPosition> _orders;
    private readonly IReadOnlyList<OrderPages> _all;
    private readonly Func<Row, TPosition> _positionOf;
    private int _page;
    private bool _opened;

    /// <param name="orders">The sorted sets.</param>
    /// <param name="positionOf">Where a row stands.</param>
    /// <param name="comparer">What comes first.</param>
    /// <param name="firstPage">How many rows are read of each to begin with; more later.</param>
    public OrderMerge(IReadOnlyList<OrderPages> orders, Func<Row, TPosition> positionOf, IComparer<TPosition> comparer, int firstPage)
    {
        _all = orders;
        _positionOf = positionOf;
        _page = firstPage;
        _orders = new PriorityQueue<OrderPages, TPosition>(comparer);
    }

    /// <summary>The first row that was not taken, and where it stands; null if there is none.</summary>
    public async ValueTask<(Row Row, StoreKeys Store, TPosition Position)?> PeekAsync(CancellationToken ct)
    {
        if (!_opened)
        {
            _opened = true;
            bool[] filled = await Task.WhenAll(_all.Select(order => order.FillAsync(_page, ct).AsTask())).ConfigureAwait(false);
            for (int i = 0; i < filled.Length; i++)
            {
                Add(_all[i], filled[i]);
            }

            _page = 1000;
        }

        return _orders.TryPeek(out OrderPages? first, out TPosition? position) ? (first.Next!, first.Store, position) : null;
    }

    /// <summary>Takes the row that <see cref="PeekAsync"/> gave.</summary>
    public async ValueTask TakeAsync(CancellationToken ct)
    {
        OrderPages first = _orders.Dequeue();
        first.Take();
        Add(first, await first.FillAsync(_page, ct).ConfigureAwait(false));
    }

    private void Add(OrderPages order, bool filled)
    {
        if (filled)
        {
            _orders.Enqueue(order, _positionOf(order.Next!));
        }
    }
}
