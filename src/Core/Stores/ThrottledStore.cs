using System.Buffers;
using System.Runtime.CompilerServices;

namespace ZarrCache;

/// <summary>
/// A store behind a distant, narrow line: each request takes a latency, and all of them share a bandwidth. For tests,
/// for demonstrations, and to be polite to an origin.
/// </summary>
public sealed class ThrottledStore : ForwardingZarrStore
{
    private readonly ThrottledStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _line = new(); // guards _freeAt
    private long _freeAt;

    /// <summary>Slows down <paramref name="inner"/>.</summary>
    /// <param name="inner">What is wrapped, and disposed of.</param>
    /// <param name="options">How slow.</param>
    /// <param name="timeProvider">What is waited by.</param>
    public ThrottledStore(IZarrStore inner, ThrottledStoreOptions options, TimeProvider? timeProvider = null)
        : base(inner)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = timeProvider ?? TimeProvider.System;
        _freeAt = _time.GetTimestamp();
    }

    /// <inheritdoc/>
    public override async ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        await WaitAsync(_options.Latency, ct).ConfigureAwait(false);
        ReadResult result = await base.GetAsync(key, options, ct).ConfigureAwait(false);
        return result.Status == ReadStatus.Found ? new ThrottledReadResult(result, this) : result;
    }

    /// <inheritdoc/>
    public override async ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, CancellationToken ct)
    {
        await WaitAsync(_options.Latency, ct).ConfigureAwait(false);
        await CarryAsync(value.Length, ct).ConfigureAwait(false);
        return await base.SetAsync(key, value, ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask<bool> EraseAsync(string key, CancellationToken ct)
    {
        await WaitAsync(_options.Latency, ct).ConfigureAwait(false);
        return await base.EraseAsync(key, ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask ErasePrefixAsync(string prefix, CancellationToken ct)
    {
        await WaitAsync(_options.Latency, ct).ConfigureAwait(false);
        await base.ErasePrefixAsync(prefix, ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override IAsyncEnumerable<string> ListPrefixAsync(string prefix, CancellationToken ct) => Late(base.ListPrefixAsync(prefix, ct), ct);

    /// <inheritdoc/>
    public override IAsyncEnumerable<string> ListDirAsync(string prefix, CancellationToken ct) => Late(base.ListDirAsync(prefix, ct), ct);

    private async IAsyncEnumerable<string> Late(IAsyncEnumerable<string> names, [EnumeratorCancellation] CancellationToken ct)
    {
        await WaitAsync(_options.Latency, ct).ConfigureAwait(false);
        await foreach (string name in names.WithCancellation(ct).ConfigureAwait(false))
        {
            yield return name;
        }
    }

    /// <summary>Takes the line for <paramref name="bytes"/> behind those who took it before, and completes when they are through.</summary>
    private ValueTask CarryAsync(long bytes, CancellationToken ct)
    {
        if (_options.BytesPerSecond is not { } rate)
        {
            return ValueTask.CompletedTask;
        }

        long now = _time.GetTimestamp();
        long through;
        lock (_line)
        {
            through = _freeAt = Math.Max(_freeAt, now) + (long)((double)bytes / rate * _time.TimestampFrequency);
        }

        return WaitAsync(_time.GetElapsedTime(now, through), ct);
    }

    private ValueTask WaitAsync(TimeSpan time, CancellationToken ct) =>
        time > TimeSpan.Zero ? new(Task.Delay(time, _time, ct)) : ValueTask.CompletedTask;

    private sealed class ThrottledReadResult(ReadResult inner, ThrottledStore store) : ReadResult(inner.Info, inner.Offset, inner.Length)
    {
        public override ValueTask DisposeAsync() => inner.DisposeAsync();

        protected override async ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct)
        {
            int count = await inner.ReadSomeAsync(destination, ct).ConfigureAwait(false);
            await store.CarryAsync(count, ct).ConfigureAwait(false);
            return count;
        }
    }
}
