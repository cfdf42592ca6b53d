namespace ZarrCache;

/// <summary>One waiter's reading of some bytes that a <see cref="Fetch"/> brings.</summary>
/// <param name="fetch">The fetch, which this leaves when it is disposed of.</param>
/// <param name="head">What it brings.</param>
/// <param name="offset">The first byte wanted, in the object.</param>
/// <param name="length">How many.</param>
internal sealed class FetchResult(Fetch fetch, in FetchHead head, long offset, long length)
    : ReadResult(head.Info, offset, length)
{
    private long _position = offset - head.Offset;
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
        return count;
    }
}
