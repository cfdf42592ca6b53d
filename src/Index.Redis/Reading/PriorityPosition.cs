namespace ZarrCache.Index.Redis;

/// <summary>Where a row stands in an order by priority.</summary>
internal readonly record struct PriorityPosition(double Priority, long Pushed) : IComparable<PriorityPosition>
{
    public static PriorityPosition Of(Row row) => new(row.Entry.Priority, row.Pushed);

    public int CompareTo(PriorityPosition other) =>
        Priority.CompareTo(other.Priority) is not 0 and int byPriority ? byPriority : Pushed.CompareTo(other.Pushed);
}
