namespace ZarrCache;

/// <summary>
/// A range put together from parts that are cached, fetches that are under way, and new ones for the gaps: each is opened
/// when the reader comes to it, so that memory holds one at a time. All are of one version of the object; if
/// the origin has another one by now, the answer is broken off.
/// </summary>
internal sealed class AssembledResult : ReadResult
{
    /// <summary>How often the source of one byte is looked for, before the origin is asked past the cache.</summary>
    private const int Attempts = 5;

    private readonly CachedStore _owner;
    private readonly string _key;
    private readonly List<IndexEntry> _parts;
    private readonly long _started;
    private ReadResult? _source;

    /// <summary>Whether cached bytes turned out bad: what is cached under this key may be what could not be dropped, so it is not asked for again.</summary>
    private bool _distrusts;

    /// <param name="owner">Where sources come from.</param>
    /// <param name="key">The key.</param>
    /// <param name="info">The object.</param>
    /// <param name="offset">The first byte wanted, in the object.</param>
    /// <param name="length">How many.</param>
    /// <param name="parts">What is cached thereabouts, by offset.</param>
    /// <param name="first">The source of the first bytes, if it is open already; owned by this.</param>
    /// <param name="started">When the read began.</param>
    /// <param name="distrusts">Whether bytes that were cached under the key turned out bad.</param>
    public AssembledResult(
        CachedStore owner, string key, in ObjectInfo info, long offset, long length, IReadOnlyList<IndexEntry> parts, ReadResult? first, long started, bool distrusts = false)
        : base(info, offset, length)
    {
        _distrusts = distrusts;
        _owner = owner;
        _key = key;
        _parts = [.. parts];
        _source = first;
        _started = started;
        if (first is not null)
        {
            Miss();
        }
    }

    /// <summary>Whether any of its bytes came from the origin, so far.</summary>
    public bool Missed { get; private set; }

    private long Position => Offset + Length - Remaining;

    private long End => Offset + Length;

    internal override int PreferredPiece => _source is { Remaining: > 0 } source ? source.PreferredPiece : base.PreferredPiece;

    public override ValueTask DisposeAsync() => _source?.DisposeAsync() ?? ValueTask.CompletedTask;

    protected override async ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct)
    {
        while (true)
        {
            if (_source is null || _source.Remaining == 0)
            {
                await CloseSourceAsync().ConfigureAwait(false);
                _source = await OpenSourceAsync(ct).ConfigureAwait(false);
            }

            try
            {
                int count = await _source.ReadSomeAsync(destination[..(int)Math.Min(destination.Length, _source.Remaining)], ct).ConfigureAwait(false);
                if (Position + count == End)
                {
                    _owner.Counter.AddRead(Missed, Length, _started);
                    if (!Missed)
                    {
                        _owner.Counter.AddHit();
                    }
                }

                return count;
            }
            catch (CorruptEntryException)
            {
                _distrusts = true;
                _parts.Clear();
                await CloseSourceAsync().ConfigureAwait(false);
            }
        }
    }

    private async ValueTask CloseSourceAsync()
    {
        if (_source is { } source)
        {
            _source = null;
            await source.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<ReadResult> OpenSourceAsync(CancellationToken ct)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            if (_parts.Find(part => part.Offset <= Position && Position < part.Offset + part.Size) is { } part)
            {
                if (await _owner.Storage.GetPartAsync(part, Position, Math.Min(End, part.Offset + part.Size) - Position, ct).ConfigureAwait(false) is { } hit)
                {
                    return hit;
                }

                _parts.Remove(part);
            }
            else if (Info.HasStrongValidator && await FetchAsync(!_distrusts, ct).ConfigureAwait(false) is { } fetched)
            {
                return fetched;
            }
        }

        Miss();
        ReadResult rest = await _owner.PassThroughAsync(_key, new ReadOptions(ByteRange.Slice(Position, Remaining), IfMatch: Info.StrongETag), ct).ConfigureAwait(false);
        bool same = Position == Offset ? Info.MayBeSameVersion(rest.Info) : Info.IsSameVersion(rest.Info);
        if (rest.Status == ReadStatus.Found && rest.Length == Remaining && same)
        {
            return rest;
        }

        await rest.DisposeAsync().ConfigureAwait(false);
        throw await ChangedAsync().ConfigureAwait(false);
    }

    /// <summary>The bytes from here on by a fetch that is under way, or a new one that ends where the next part begins; null if it is worth looking again.</summary>
    private async ValueTask<ReadResult?> FetchAsync(bool lookAgain, CancellationToken ct)
    {
        (long start, long end) = _owner.AlignGap(
            Position,
            Math.Min(End, _parts.Find(part => part.Offset > Position)?.Offset ?? long.MaxValue),
            _parts.FindLast(part => part.Offset + part.Size <= Position) is { } before ? before.Offset + before.Size : 0,
            _parts.Find(part => part.Offset > Position)?.Offset ?? Info.Size);
        Fetch? fetch = _owner.Fetcher.JoinAt(_key, Info, Position, start, end, lookAgain);
        try
        {
            FetchHead head = await fetch.Head.WaitAsync(ct).ConfigureAwait(false);
            if (head.Outcome is FetchOutcome.Changed or FetchOutcome.Absent || (head.Outcome == FetchOutcome.Found && !head.Info.IsSameVersion(Info)))
            {
                throw await ChangedAsync().ConfigureAwait(false);
            }

            if (head.Brings(Position))
            {
                Miss();
                var result = new FetchResult(fetch, head, Position, Math.Min(End, head.Offset + head.Length) - Position);
                fetch = null;
                return result;
            }

            return head.Outcome == FetchOutcome.Cached ? await LookAgainAsync(ct).ConfigureAwait(false) : null;
        }
        finally
        {
            fetch?.Leave();
        }
    }

    /// <summary>Another read brought the bytes meanwhile: as the whole value, or as parts, which are added to those known.</summary>
    private async ValueTask<ReadResult?> LookAgainAsync(CancellationToken ct)
    {
        var rest = ByteRange.Slice(Position, Remaining);
        CacheHit? hit;
        try
        {
            hit = await _owner.Storage.GetAsync(_owner.StoreId, _key, rest, ct).ConfigureAwait(false);
        }
        catch (RangeNotSatisfiableException)
        {
            throw await ChangedAsync().ConfigureAwait(false); // what is cached by now is too short to be this object
        }

        if (hit is not null)
        {
            if (hit.Status == ReadStatus.Found && hit.Info.IsSameVersion(Info))
            {
                return hit;
            }

            await hit.DisposeAsync().ConfigureAwait(false);
            throw await ChangedAsync().ConfigureAwait(false);
        }

        CachedParts? found = await _owner.Storage.FindPartsAsync(_owner.StoreId, _key, rest, ct).ConfigureAwait(false);
        foreach (IndexEntry part in found?.Parts ?? [])
        {
            if (part.Info.IsSameVersion(Info) && _parts.TrueForAll(known => known.Offset >= part.Offset + part.Size || known.Offset + known.Size <= part.Offset))
            {
                _parts.Add(part);
            }
        }

        _parts.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        return null;
    }

    /// <summary>Drops what is cached of the key, which two versions lie in, and lets nobody join, nor the cache have, what is under way: so that whoever reads again is not given the old one's again.</summary>
    private async ValueTask<ObjectChangedException> ChangedAsync()
    {
        await _owner.Fetcher.SupersedeAsync(_key).ConfigureAwait(false);
        await _owner.Fetcher.DropAsync(_key).ConfigureAwait(false);
        return new ObjectChangedException(_key);
    }

    private void Miss()
    {
        if (!Missed)
        {
            Missed = true;
            _owner.Counter.AddMiss();
        }
    }
}
