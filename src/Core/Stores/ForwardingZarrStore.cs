using System.Buffers;

namespace ZarrCache;

/// <summary>The base of wrappers around a store: forwards everything, so that each changes one thing. Disposes of what it wraps.</summary>
public abstract class ForwardingZarrStore(IZarrStore inner) : IZarrStore
{
    /// <summary>What is wrapped.</summary>
    protected IZarrStore Inner { get; } = inner ?? throw new ArgumentNullException(nameof(inner));

    /// <inheritdoc/>
    public virtual ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct) => Inner.GetAsync(key, options, ct);

    /// <inheritdoc/>
    public virtual ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, CancellationToken ct) => Inner.SetAsync(key, value, ct);

    /// <inheritdoc/>
    public virtual ValueTask<bool> EraseAsync(string key, CancellationToken ct) => Inner.EraseAsync(key, ct);

    /// <inheritdoc/>
    public virtual ValueTask ErasePrefixAsync(string prefix, CancellationToken ct) => Inner.ErasePrefixAsync(prefix, ct);

    /// <inheritdoc/>
    public virtual IAsyncEnumerable<string> ListPrefixAsync(string prefix, CancellationToken ct) => Inner.ListPrefixAsync(prefix, ct);

    /// <inheritdoc/>
    public virtual IAsyncEnumerable<string> ListDirAsync(string prefix, CancellationToken ct) => Inner.ListDirAsync(prefix, ct);

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        await Inner.DisposeAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }
}
