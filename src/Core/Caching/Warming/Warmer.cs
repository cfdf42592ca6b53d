namespace ZarrCache;

/// <summary>
/// Fetches what of a plan is not cached yet, through a cached store, so that one request is made for each key that is missing
/// and none for the others. A run that was broken off is taken up by the next. Use once.
/// </summary>
/// <param name="store">The dataset, cached.</param>
/// <param name="storage">Its cache; with <see cref="QueueFullMode.Wait"/>, or values are left out when the origin is faster than the cache.</param>
/// <param name="concurrency">How many keys are asked for at once, at least 1.</param>
public sealed class Warmer(CachedStore store, ICacheStorage storage, int concurrency)
{
    /// <summary>An origin that fails so often is not going to recover while it is being asked.</summary>
    private const int MaxFailures = 100;

    private readonly CachedStore _store = store ?? throw new ArgumentNullException(nameof(store));
    private readonly ICacheStorage _storage = storage ?? throw new ArgumentNullException(nameof(storage));
    private readonly int _concurrency = concurrency >= 1 ? concurrency : throw new ArgumentOutOfRangeException(nameof(concurrency), concurrency, "At least 1 key is asked for at once.");

    private long _keys;
    private long _fetched;
    private long _fetchedBytes;
    private long _cached;
    private long _absent;
    private long _failed;
    private StoreException? _failure;

    /// <summary>How far the run is.</summary>
    public WarmProgress Progress => new(
        Interlocked.Read(ref _keys), Interlocked.Read(ref _fetched), Interlocked.Read(ref _fetchedBytes), Interlocked.Read(ref _cached),
        Interlocked.Read(ref _absent), Interlocked.Read(ref _failed), _store.Statistics.OriginRequests);

    /// <summary>The first failure of the origin, if there was any.</summary>
    public StoreException? Failure => Volatile.Read(ref _failure);

    /// <summary>Asks for every key, and completes when what came is written. A key that the origin fails to give is counted and passed over.</summary>
    /// <exception cref="OperationCanceledException">Broken off; what had been fetched is written nevertheless.</exception>
    /// <exception cref="StoreException">The origin failed a hundred times.</exception>
    public async Task RunAsync(WarmPlan plan, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(plan);
        try
        {
            await Parallel.ForEachAsync(plan.Keys, new ParallelOptions { MaxDegreeOfParallelism = _concurrency, CancellationToken = ct }, WarmAsync).ConfigureAwait(false);
        }
        finally
        {
            await _storage.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async ValueTask WarmAsync(string key, CancellationToken ct)
    {
        try
        {
            ReadResult result = await _store.GetAsync(key, default, ct).ConfigureAwait(false);
            await using (result.ConfigureAwait(false))
            {
                await TakeAsync(result, ct).ConfigureAwait(false);
            }
        }
        catch (StoreException exception)
        {
            Interlocked.CompareExchange(ref _failure, exception, null);
            if (Interlocked.Increment(ref _failed) >= MaxFailures)
            {
                throw new StoreException($"The origin failed {MaxFailures} times, the first time so: {Failure!.Message}", exception);
            }
        }

        Interlocked.Increment(ref _keys);
    }

    private async ValueTask TakeAsync(ReadResult result, CancellationToken ct)
    {
        switch (result)
        {
            case { Status: not ReadStatus.Found }:
                Interlocked.Increment(ref _absent);
                break;
            case HitResult:
                Interlocked.Increment(ref _cached); // its bytes are verified when somebody reads them
                break;
            default:
                await DrainAsync(result, ct).ConfigureAwait(false);
                if (result is AssembledResult { Missed: false })
                {
                    Interlocked.Increment(ref _cached);
                    break;
                }

                Interlocked.Increment(ref _fetched);
                Interlocked.Add(ref _fetchedBytes, result.Length);
                break;
        }
    }

    private static async ValueTask DrainAsync(ReadResult result, CancellationToken ct)
    {
        using SharedBuffer buffer = SharedBuffer.Rent(Math.Min(result.Length, BlockChecksums.BlockSize));
        while (result.Remaining > 0)
        {
            Memory<byte> block = buffer.GetBlockFrom(0);
            await result.ReadSomeAsync(block[..(int)Math.Min(block.Length, result.Remaining)], ct).ConfigureAwait(false);
        }
    }
}
