namespace ZarrCache.Index.Faster;

/// <summary>
/// What was to be written to the log and could not be, kept in memory until it can: FASTER gives a page up once it was told that it
/// was written, and waits forever for one that was not. At most as much as the log keeps in memory, since nothing is pushed
/// meanwhile. In the order in which it was to be written. Not thread-safe.
/// </summary>
internal sealed class HeldWrites
{
    private readonly List<Held> _writes = [];

    public bool IsEmpty => _writes.Count == 0;

    public void Add(int segment, long at, ReadOnlySpan<byte> bytes) => _writes.Add(new Held(segment, at, bytes.ToArray()));

    /// <summary>What was held first.</summary>
    public Held First => _writes[0];

    public void Remove(Held held) => _writes.Remove(held);

    /// <summary>Forgets what belongs into a file.</summary>
    public void Remove(int segment) => _writes.RemoveAll(held => held.Segment == segment);

    /// <summary>Fills a block with what is to be written there last; false if that is nothing.</summary>
    public bool TryRead(int segment, long at, Span<byte> block)
    {
        for (int i = _writes.Count - 1; i >= 0; i--)
        {
            Held held = _writes[i];
            if (held.Segment == segment && at >= held.At && at < held.At + held.Bytes.Length)
            {
                ReadOnlySpan<byte> rest = held.Bytes.AsSpan((int)(at - held.At));
                rest[..Math.Min(block.Length, rest.Length)].CopyTo(block);
                return true;
            }
        }

        return false;
    }

    /// <summary>A write of whole blocks, and its place in a file.</summary>
    internal sealed class Held(int segment, long at, byte[] bytes)
    {
        public int Segment => segment;

        public long At => at;

        public byte[] Bytes => bytes;
    }
}
