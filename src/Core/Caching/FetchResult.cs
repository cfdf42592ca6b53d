namespace ZarrCache;

/// <summary>One waiter's reading of a <see cref="Fetch"/>.</summary>
internal sealed class FetchResult(Fetch fetch, in ObjectInfo info, long offset, long length, CachedStoreCounter counter, long started)
    : ReadResult(info, offset, length)
{
    private long _position = offset;
    private bool _left;

    public override ValueTask DisposeAsync()
    {
        if (!_left)
        {
            _left = true;
            fetch.Leave();
        }

        return ValueTask.CompletedTask;
    }

    protected override async ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_left, this);
        int count = await fetch.ReadAsync(_position, destination, ct).ConfigureAwait(false);
        _position += count;
        if (_position == Offset + Length)
        {
            counter.AddReadMiss(started);
        }

        return count;
    }
}
