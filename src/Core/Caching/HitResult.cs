namespace ZarrCache;

/// <summary>
/// A hit as a caller reads it: should its bytes turn out bad or unreadable, it goes on with the origin's, of the same
/// version, from where the good ones ended.
/// </summary>
internal sealed class HitResult(CachedStore owner, CacheHit hit, long started)
    : ReadResult(hit.Info, hit.Offset, hit.Length)
{
    private ReadResult _source = hit;

    internal override int PreferredPiece => _source.PreferredPiece;

    public override ValueTask DisposeAsync() => _source.DisposeAsync();

    protected override async ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct)
    {
        try
        {
            int count = await _source.ReadSomeAsync(destination, ct).ConfigureAwait(false);
            if (count == Remaining)
            {
                owner.Counter.AddRead(missed: false, Length, started);
            }

            return count;
        }
        catch (CorruptEntryException) when (ReferenceEquals(_source, hit))
        {
            await hit.DisposeAsync().ConfigureAwait(false);
            _source = new AssembledResult(owner, hit.Entry.Key, Info, Offset + Length - Remaining, Remaining, [], null, started, distrusts: true);
        }

        return await _source.ReadSomeAsync(destination, ct).ConfigureAwait(false);
    }
}
