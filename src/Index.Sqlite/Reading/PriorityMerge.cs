namespace ZarrCache.Index.Sqlite;

/// <summary>A row and what is needed to remove it.</summary>
internal readonly record struct PlacedEntry(long Id, long Store, IndexEntry Entry);

/// <summary>
/// Entries in the order in which they are popped, of one store or of many: by retention, then priority. Each store,
/// retention and kind is a range of one index, and the ranges are merged. Costs a descent for each range to begin with and one for each change from range to range, so that
/// a push pays for one index of priorities, not for one over all and one by store.
/// </summary>
/// <param name="connection">What it reads from.</param>
/// <param name="stores">The stores, by id and name.</param>
/// <param name="kind">Only this kind; null for all.</param>
/// <param name="descending">The largest priority first.</param>
/// <param name="last">No entry of a larger retention.</param>
internal sealed class PriorityMerge(
    IndexConnection connection, IReadOnlyList<(long Id, string Name)> stores, EntryKind? kind, bool descending, Retention last = Retention.Pinned)
{
    private static readonly EntryKind[] AllKinds = Enum.GetValues<EntryKind>();

    private readonly HashSet<(long Store, Retention Retention, EntryKind Kind)> _closed = [];

    private static readonly Comparer<Position> Ascending = Comparer<Position>.Create(static (a, b) => a.CompareTo(b));
    private static readonly Comparer<Position> Descending = Comparer<Position>.Create(static (a, b) => b.CompareTo(a));

    /// <summary>Before the first entry.</summary>
    public Position Start => descending
        ? new Position(Retention.Pinned, double.PositiveInfinity, long.MaxValue)
        : new Position(Retention.Evictable, double.NegativeInfinity, long.MinValue);

    /// <summary>
    /// The rows of a range that follow a place; all their columns, or just where they lie. In two parts, since a
    /// comparison of (priority, id) as one would pass over all that have the same priority, which a policy that counts gives to many.
    /// </summary>
    public static string RangeSql(string columns, bool descending)
    {
        (string sign, string direction) = descending ? ("<", "DESC") : (">", "ASC");
        string range = $"SELECT {columns} FROM entries WHERE store = ?1 AND retention = ?2 AND kind = ?3";
        return $"{range} AND priority = ?4 AND id {sign} ?5 UNION ALL {range} AND priority {sign} ?4 ORDER BY priority {direction}, id {direction}";
    }

    /// <summary>Gives no more of the store, retention and kind of an entry.</summary>
    public void Close(PlacedEntry row) => _closed.Add((row.Store, row.Entry.Retention, row.Entry.Kind));

    /// <summary>Whether <see cref="Close"/> was called for such an entry.</summary>
    public bool IsClosed(PlacedEntry row) => _closed.Contains((row.Store, row.Entry.Retention, row.Entry.Kind));

    /// <summary>The entries that follow <paramref name="after"/>. Lazy: who stops early has read no more than one row too many.</summary>
    public IEnumerable<PlacedEntry> Read(Position after)
    {
        Comparer<Position> order = descending ? Descending : Ascending;
        PriorityQueue<EntryRange, Position> ranges = FindRanges(after, order);
        Statement rows = connection.Prepare(RangeSql(EntryRow.Columns, descending));
        while (ranges.TryDequeue(out EntryRange? range, out _))
        {
            Position? turn = ranges.TryPeek(out _, out Position next) ? next : null;
            Bind(rows, range.Store, range.Retention, range.Kind, range.After);
            try
            {
                while (!_closed.Contains((range.Store, range.Retention, range.Kind)) && rows.Step())
                {
                    var here = new Position(range.Retention, rows.Double(EntryRow.PriorityColumn), rows.Int64(EntryRow.IdColumn));
                    if (turn is { } other && order.Compare(here, other) > 0)
                    {
                        ranges.Enqueue(range, here);
                        break;
                    }

                    range.After = here;
                    yield return new PlacedEntry(here.Id, range.Store, EntryRow.Read(rows, range.StoreId));
                }
            }
            finally
            {
                rows.Reset();
            }
        }
    }

    /// <summary>The first position there is, in the order of the merge; null if there is no entry.</summary>
    public Position? First() => FindRanges(Start, descending ? Descending : Ascending).TryPeek(out _, out Position first) ? first : null;

    private PriorityQueue<EntryRange, Position> FindRanges(Position after, Comparer<Position> order)
    {
        var ranges = new PriorityQueue<EntryRange, Position>(order);
        Statement head = connection.Prepare(RangeSql("priority, id", descending) + " LIMIT 1");
        foreach ((long store, string name) in stores)
        {
            for (Retention retention = Retention.Evictable; retention <= last; retention++)
            {
                if (After(retention, after) is not { } begin)
                {
                    continue;
                }

                foreach (EntryKind one in kind is { } only ? [only] : AllKinds)
                {
                    Bind(head, store, retention, one, begin);
                    if (head.Step())
                    {
                        ranges.Enqueue(new EntryRange(store, name, retention, one) { After = begin }, new Position(retention, head.Double(0), head.Int64(1)));
                        head.Reset();
                    }
                }
            }
        }

        return ranges;
    }

    /// <summary>What of a retention follows a position; null if nothing does.</summary>
    private Position? After(Retention retention, Position after)
    {
        int order = descending ? after.Retention.CompareTo(retention) : retention.CompareTo(after.Retention);
        return order < 0 ? null : order == 0 ? after : Start with { Retention = retention };
    }

    private static void Bind(Statement rows, long store, Retention retention, EntryKind kind, Position after)
    {
        rows.Bind(1, store);
        rows.Bind(2, (long)retention);
        rows.Bind(3, (long)kind);
        rows.Bind(4, after.Priority);
        rows.Bind(5, after.Id);
    }

    /// <summary>Where an entry stands in the order: ids make priorities that are alike distinct.</summary>
    internal readonly record struct Position(Retention Retention, double Priority, long Id) : IComparable<Position>
    {
        public static Position Of(PlacedEntry row) => new(row.Entry.Retention, row.Entry.Priority, row.Id);

        public int CompareTo(Position other) =>
            Retention != other.Retention ? Retention.CompareTo(other.Retention)
            : Priority != other.Priority ? Priority.CompareTo(other.Priority)
            : Id.CompareTo(other.Id);
    }

    private sealed record EntryRange(long Store, string StoreId, Retention Retention, EntryKind Kind)
    {
        public Position After { get; set; }
    }
}
