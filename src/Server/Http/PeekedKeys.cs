namespace ZarrCache.Server.Http;

/// <summary>A listing whose first step was taken to see whether it can be: that it cannot is said only then.</summary>
internal sealed class PeekedKeys : IAsyncEnumerator<string>
{
    private readonly IAsyncEnumerator<string> _keys;
    private bool? _first;

    private PeekedKeys(IAsyncEnumerator<string> keys, bool first)
    {
        _keys = keys;
        _first = first;
    }

    public string Current => _keys.Current;

    /// <summary>Takes the first step; what it throws, this throws, and the listing is disposed of.</summary>
    public static async ValueTask<IAsyncEnumerator<string>> OpenAsync(IAsyncEnumerator<string> keys)
    {
        try
        {
            return new PeekedKeys(keys, await keys.MoveNextAsync());
        }
        catch
        {
            await keys.DisposeAsync();
            throw;
        }
    }

    public ValueTask<bool> MoveNextAsync()
    {
        if (_first is { } first)
        {
            _first = null;
            return new(first);
        }

        return _keys.MoveNextAsync();
    }

    public ValueTask DisposeAsync() => _keys.DisposeAsync();
}
