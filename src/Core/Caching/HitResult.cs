namespace ZarrCache;

/// <summary>
/// A hit as a caller reads it: should its bytes turn out bad or unreadable, it goes on with the origin's, of the same
/// version, from where the good ones ended.
/// </summary>
internal sealed class HitResult(CachedStore owner, CacheHit hit, CachedStoreCounter counter, long started)
    : ReadResult(hit.Info, hit.Offset, hit.Length)
{
    private ReadResult _source = hit;

    public override ValueTask DisposeAsync() => _source.DisposeAsync();

    protected override async ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                int count = await _source.ReadSomeAsync(destination, ct).ConfigureAwait(false);
                if (_source.Remaining == 0)
                {
                    counter.AddReadHit(Length, started);
                }

                return count;
            }
            catch (CorruptEntryException) when (ReferenceEquals(_source, hit))
            {
                // below: an await would be allowed here, but the second source's failures are the caller's
            }

            long done = Length - Remaining;
            ReadResult rest = await owner.ReadRestAsync(hit, Offset + done, Remaining, done > 0, ct).ConfigureAwait(false);
            await hit.DisposeAsync().ConfigureAwait(false);
            _source = rest;
        }
    }
}
