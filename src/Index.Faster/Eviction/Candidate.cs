namespace ZarrCache.Index.Faster;

/// <summary>A record at the head of the log that may go.</summary>
internal sealed class Candidate(long address, byte[] key, byte[] value, bool isFinal)
{
    /// <summary>Where it lies.</summary>
    public long Address { get; private set; } = address;

    public byte[] Key { get; } = key;

    /// <summary>As it was when it was looked at last.</summary>
    public byte[] Value { get; private set; } = value;

    /// <summary>Whether nothing could have changed the value since: it lay where nothing is written in place any more.</summary>
    public bool IsFinal { get; private set; } = isFinal;

    /// <summary>The priority, and the clock of the first push.</summary>
    public (double Priority, long Pushed) Rank { get; private set; } = RankOf(value);

    /// <summary>Its record was read again.</summary>
    public void Update(ReadOnlySpan<byte> value)
    {
        Value = value.ToArray();
        Rank = RankOf(value);
    }

    /// <summary>Its record was copied to another place, where it may change.</summary>
    public void MoveTo(long address) => (Address, IsFinal) = (address, false);

    private static (double Priority, long Pushed) RankOf(ReadOnlySpan<byte> value) => (EntryLayout.PriorityOf(value), EntryLayout.PushedOf(value));
}
