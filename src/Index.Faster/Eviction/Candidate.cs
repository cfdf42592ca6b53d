namespace ZarrCache.Index.Faster;

/// <summary>A record at the head of the log that may go.</summary>
internal sealed class Candidate(long address, byte[] key, Rank rank)
{
    /// <summary>Where it lies.</summary>
    public long Address { get; private set; } = address;

    public byte[] Key { get; } = key;

    /// <summary>The value, if nothing could have changed it since it was looked at: it lay on disk. Else it is read again when its turn comes.</summary>
    public byte[]? Final { get; init; }

    /// <summary>As it was when it was looked at last.</summary>
    public Rank Rank { get; set; } = rank;

    /// <summary>Its record was copied to another place; there it may change, but not before it is met there.</summary>
    public Candidate At(long address) => new(address, Key, Rank);
}

/// <summary>What decides who goes first.</summary>
internal readonly record struct Rank(double Priority, long Pushed) : IComparable<Rank>
{
    public static Rank Of(ReadOnlySpan<byte> value) => new(EntryLayout.PriorityOf(value), EntryLayout.PushedOf(value));

    public int CompareTo(Rank other) =>
        Priority < other.Priority ? -1 : Priority > other.Priority ? 1 : Pushed.CompareTo(other.Pushed);
}
