namespace ZarrCache;

/// <summary>What the entries of an index, or of one store in it, amount to; changed in the transaction that changes the entries.</summary>
/// <param name="Count">Entries, absences included.</param>
/// <param name="Bytes">The sum of <see cref="IndexEntry.Size"/>.</param>
/// <param name="AllocatedBytes">The sum of <see cref="IndexEntry.AllocatedSize"/>: what MaxSize bounds.</param>
/// <param name="AbsentCount">Entries of kind <see cref="EntryKind.Absent"/>.</param>
public readonly record struct IndexTotals(long Count, long Bytes, long AllocatedBytes, long AbsentCount)
{
    /// <summary>The totals of one entry.</summary>
    public static IndexTotals Of(IndexEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return new IndexTotals(1, entry.Size, entry.AllocatedSize, entry.Kind == EntryKind.Absent ? 1 : 0);
    }

    /// <summary>Both together.</summary>
    public static IndexTotals operator +(IndexTotals a, IndexTotals b) =>
        new(a.Count + b.Count, a.Bytes + b.Bytes, a.AllocatedBytes + b.AllocatedBytes, a.AbsentCount + b.AbsentCount);

    /// <summary>The first without the second.</summary>
    public static IndexTotals operator -(IndexTotals a, IndexTotals b) =>
        new(a.Count - b.Count, a.Bytes - b.Bytes, a.AllocatedBytes - b.AllocatedBytes, a.AbsentCount - b.AbsentCount);

    /// <summary>See <c>+</c>.</summary>
    public static IndexTotals Add(IndexTotals left, IndexTotals right) => left + right;

    /// <summary>See <c>-</c>.</summary>
    public static IndexTotals Subtract(IndexTotals left, IndexTotals right) => left - right;
}
