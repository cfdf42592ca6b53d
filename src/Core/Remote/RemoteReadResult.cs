namespace ZarrCache;

/// <summary>The bytes of an answer as they come over the line; when the line breaks, continued where it broke, if that is certain to be the same object.</summary>
internal sealed class RemoteReadResult(RemoteReader reader, string key, RemoteBody body, in ObjectInfo info, long offset, long length) : ReadResult(info, offset, length)
{
    private RemoteBody? _body = body;
    private int _resumptions;
    private bool _isDisposed;

    public override ValueTask DisposeAsync()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _body?.Dispose();
            reader.Release();
        }

        return ValueTask.CompletedTask;
    }

    protected override async ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        while (true)
        {
            try
            {
                _body ??= await reader.ResumeAsync(key, Info, Offset + Length - Remaining, Remaining, ct).ConfigureAwait(false);
                int count = await _body.ReadSomeAsync(destination, ct).ConfigureAwait(false);
                if (count == 0)
                {
                    throw new HttpIOException(HttpRequestError.ResponseEnded, "the body is shorter than announced");
                }

                await CheckEndAsync(_body, Remaining - count, ct).ConfigureAwait(false);
                return count;
            }
            catch (Exception e) when (e is IOException or TimeoutException)
            {
                _body?.Dispose();
                _body = null;
                if (!reader.MayResume(key, Info, Length - Remaining, ++_resumptions, e))
                {
                    throw new StoreException($"{reader.Describe(key)} broke off after {Length - Remaining} of {Length} bytes: {e.Message}.", e);
                }
            }
        }
    }

    /// <summary>HTTP itself sees to the end of a body with a Content-Length; a part without one could go on.</summary>
    private async ValueTask CheckEndAsync(RemoteBody body, long remaining, CancellationToken ct)
    {
        if (remaining == 0 && body.IsUnsized && await body.ReadSomeAsync(new byte[1], ct).ConfigureAwait(false) > 0)
        {
            throw new StoreException($"{reader.Describe(key)} gives more than the {Length} bytes that its Content-Range announced.");
        }
    }
}
