namespace ZarrCache.Index.Faster;

/// <summary>
/// The enumerations that are under way. What is moved to the end of the log meanwhile (by the index itself, not by a user) would
/// be missed by those that have not come to its old place yet; so they are told. Thread-safe.
/// </summary>
internal sealed class ActiveScans
{
    private readonly Lock _lock = new();
    private readonly List<Scan> _scans = [];

    /// <summary>Begins one over [begin, end).</summary>
    public Scan Begin(long begin, long end)
    {
        var scan = new Scan(this, begin, end);
        lock (_lock)
        {
            _scans.Add(scan);
        }

        return scan;
    }

    /// <summary>A record was copied to the end of the log.</summary>
    public void Moved(ReadOnlySpan<byte> key, long from)
    {
        lock (_lock)
        {
            foreach (Scan scan in _scans)
            {
                if (from >= scan.Position && from < scan.End)
                {
                    scan.Missed[from] = key.ToArray();
                }
            }
        }
    }

    /// <summary>One enumeration.</summary>
    public sealed class Scan(ActiveScans scans, long begin, long end) : IDisposable
    {
        /// <summary>What lies before has been given.</summary>
        public long Position { get; private set; } = begin;

        public long End { get; } = end;

        /// <summary>The keys of records that were moved before their turn, by where they lay.</summary>
        public Dictionary<long, byte[]> Missed { get; } = [];

        /// <summary>What lies before a position has been given, from these addresses among others.</summary>
        public void Advance(long position, List<long> given)
        {
            lock (scans._lock)
            {
                Position = position;
                if (Missed.Count > 0)
                {
                    given.ForEach(address => Missed.Remove(address)); // moved just after they had been read
                }
            }
        }

        /// <summary>Ends it.</summary>
        public void Dispose()
        {
            lock (scans._lock)
            {
                scans._scans.Remove(this);
            }
        }
    }
}
