namespace ZarrCache;

/// <summary>Measures the gets, puts and deletes of the storage that it wraps. Costs two readings of the clock and one small object a get.</summary>
/// <param name="inner">What is measured; disposed of with this.</param>
/// <param name="timeProvider">The clock; null is the system's.</param>
public sealed class TimingCacheStorage(ICacheStorage inner, TimeProvider? timeProvider = null) : ForwardingCacheStorage(inner)
{
    private readonly TimeProvider _time = timeProvider ?? TimeProvider.System;
    private readonly OperationTimer _get = new();
    private readonly OperationTimer _miss = new();
    private readonly OperationTimer _put = new();
    private readonly OperationTimer _declined = new();
    private readonly OperationTimer _delete = new();

    /// <summary>What was measured since this was made.</summary>
    public CacheTimings Timings => new(_get.Snapshot(), _miss.Snapshot(), _put.Snapshot(), _declined.Snapshot(), _delete.Snapshot());

    /// <inheritdoc/>
    public override async ValueTask<CacheHit?> GetAsync(string storeId, string key, ByteRange range, CancellationToken ct)
    {
        long start = _time.GetTimestamp();
        CacheHit? hit = await Inner.GetAsync(storeId, key, range, ct).ConfigureAwait(false);
        return Time(hit, start);
    }

    /// <summary>Counts as a get of its own: a range that lies in three parts is three gets.</summary>
    /// <inheritdoc/>
    public override async ValueTask<CacheHit?> GetPartAsync(IndexEntry part, long offset, long length, CancellationToken ct)
    {
        long start = _time.GetTimestamp();
        CacheHit? hit = await Inner.GetPartAsync(part, offset, length, ct).ConfigureAwait(false);
        return Time(hit, start);
    }

    /// <inheritdoc/>
    public override async ValueTask<bool> PutAsync(CacheItem item, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(item);
        long bytes = item.Bytes?.Length ?? 0;
        long start = _time.GetTimestamp();
        bool taken = await Inner.PutAsync(item, ct).ConfigureAwait(false);
        (taken ? _put : _declined).Add(bytes, _time.GetElapsedTime(start));
        return taken;
    }

    /// <inheritdoc/>
    public override async ValueTask<bool> DeleteAsync(string storeId, string key, CancellationToken ct)
    {
        long start = _time.GetTimestamp();
        bool deleted = await Inner.DeleteAsync(storeId, key, ct).ConfigureAwait(false);
        _delete.Add(0, _time.GetElapsedTime(start));
        return deleted;
    }

    /// <inheritdoc/>
    public override async ValueTask<IndexTotals> DeletePrefixAsync(string storeId, string prefix, CancellationToken ct)
    {
        long start = _time.GetTimestamp();
        IndexTotals deleted = await Inner.DeletePrefixAsync(storeId, prefix, ct).ConfigureAwait(false);
        _delete.Add(deleted.Bytes, _time.GetElapsedTime(start));
        return deleted;
    }

    private CacheHit? Time(CacheHit? hit, long start)
    {
        TimeSpan elapsed = _time.GetElapsedTime(start);
        if (hit is { Length: > 0 })
        {
            return new TimedHit(hit, _get, _time, elapsed);
        }

        (hit is null ? _miss : _get).Add(0, elapsed);
        return hit;
    }

    /// <summary>A hit that is counted once: when its last byte was taken, or when it is disposed of before that.</summary>
    private sealed class TimedHit(CacheHit inner, OperationTimer timer, TimeProvider time, TimeSpan elapsed) : CacheHit(inner.Entry, inner.Offset, inner.Length)
    {
        private TimeSpan _elapsed = elapsed;
        private bool _counted;

        public override ValueTask DisposeAsync()
        {
            Count();
            return inner.DisposeAsync();
        }

        protected override async ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct)
        {
            long start = time.GetTimestamp();
            int read = await inner.ReadSomeAsync(destination, ct).ConfigureAwait(false);
            _elapsed += time.GetElapsedTime(start);
            if (inner.Remaining == 0)
            {
                Count();
            }

            return read;
        }

        private void Count()
        {
            if (!_counted)
            {
                _counted = true;
                timer.Add(inner.Length - inner.Remaining, _elapsed);
            }
        }
    }
}
