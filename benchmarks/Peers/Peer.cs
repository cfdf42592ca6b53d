namespace ZarrCache.Peers;

/// <summary>Something that keeps values by their keys, and what it does with them.</summary>
/// <param name="Name">Its name, and how it is set up where that is not its default.</param>
/// <param name="Verifies">What it checks of the bytes that it gives.</param>
/// <param name="Durable">What is left after the process is killed, and after a power cut.</param>
/// <param name="Bounds">How it is bounded.</param>
/// <param name="Reason">Why it is faster, where it is: a sentence for the table.</param>
/// <param name="OpenAsync">Opens it in an empty directory; null for one of Python's.</param>
internal sealed record Peer(string Name, string Verifies, string Durable, string Bounds, string Reason, Func<string, Task<IPeerClient>>? OpenAsync);

/// <summary>One opened peer. For one caller.</summary>
internal interface IPeerClient : IAsyncDisposable
{
    /// <summary>Whether it takes small records in batches, as an index does.</summary>
    bool KeepsRecords { get; }

    /// <summary>Whether it takes values, as a cache of chunks does.</summary>
    bool KeepsValues { get; }

    /// <summary>Keeps a value under a new key. What is written behind is written when <see cref="FlushAsync"/> ends.</summary>
    ValueTask SetAsync(string key, byte[] value);

    /// <summary>Reads a value that is there; how long it is.</summary>
    ValueTask<int> GetAsync(string key);

    /// <summary>Keeps small records, all at once where it can.</summary>
    ValueTask SetManyAsync(IReadOnlyList<(string Key, byte[] Record)> batch);

    ValueTask FlushAsync();
}

/// <summary>What most have in common.</summary>
internal abstract class PeerClient : IPeerClient
{
    private byte[] _buffer = [];

    public virtual bool KeepsRecords => true;

    public virtual bool KeepsValues => true;

    public abstract ValueTask SetAsync(string key, byte[] value);

    public abstract ValueTask<int> GetAsync(string key);

    public virtual async ValueTask SetManyAsync(IReadOnlyList<(string Key, byte[] Record)> batch)
    {
        foreach ((string key, byte[] record) in batch)
        {
            await SetAsync(key, record);
        }
    }

    public virtual ValueTask FlushAsync() => ValueTask.CompletedTask;

    public abstract ValueTask DisposeAsync();

    /// <summary>A copy, for those who give a reference to what they hold: a reader of chunks needs bytes of his own.</summary>
    protected int Take(ReadOnlySpan<byte> value)
    {
        if (_buffer.Length < value.Length)
        {
            _buffer = new byte[value.Length];
        }

        value.CopyTo(_buffer);
        return value.Length;
    }
}
